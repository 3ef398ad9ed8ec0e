// The commands and the example server under test.

import { start } from './programs.mjs';

const { TARGET } = process.env;

/** Starts `sse-wire serve` on a free port, or on the one in the options. */
export async function serve(scope, ...options) {
    const port = options.includes('--port') ? [] : ['--port', '0'];
    const program = start(scope, `${TARGET}/debug/sse-wire`, ['serve', '--verbose', ...port, ...options]);
    const [, url] = await program.says(/^listening on (\S+)$/);
    /** Publishes one event, and returns it. */
    program.publish = (event) => {
        program.write(`${JSON.stringify(event)}\n`);
        return event;
    };
    return Object.assign(program, { url, port: Number(new URL(url).port) });
}

/** Starts `sse-wire listen --json`. */
export function listen(scope, url, ...options) {
    return start(scope, `${TARGET}/debug/sse-wire`, ['listen', '--json', '--min-wait', '0', '--backoff', '0', '--jitter', '0', ...options, url]);
}

/** Starts an example server, on a free port or the one in the address. */
export async function example(scope, name, ...options) {
    const program = start(scope, `${TARGET}/debug/${name}`, options);
    const [, url] = await program.until(
        () => program.stdout.map((line) => line.match(/^listening on (\S+)$/)).find(Boolean),
        'it said where it listens',
    );
    return Object.assign(program, {
        url,
        port: Number(new URL(url).port),
        publish: async (data) => (await fetch(`${url}/publish`, { method: 'POST', body: data })).text(),
        stats: async () => (await fetch(`${url}/stats`)).json(),
    });
}

/** An event that `listen --json` or `parse --json` has printed, without its position. */
export function event(line) {
    const { type, data, last_event_id: id } = JSON.parse(line);
    return { type, data, id };
}
