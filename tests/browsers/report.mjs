// Recordings of all engines → test-vectors/RESULTS.md.

import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

import { EARLY, compare, literal, sameValue } from './compare.mjs';
import { BETWEEN, DRIP_LIMIT, modes, TIME_BEFORE, WAIT } from './session.mjs';

const PATH = new URL('../../test-vectors/RESULTS.md', import.meta.url);
/** What these files choose is nothing that a browser shows, save events that are late. */
const CHOICES_NOT_SEEN = ['limits.json', 'positions.json', 'promptness.json'];

/** Writes the report, and gives the exit code: not 0 where a vector does not say what engines make of it. */
export function report(vectors, engines) {
    const complaints = [];
    const results = vectors.map((vector) => ({
        vector,
        streams: engines.map((engine) => streamsOf(engine, vector)),
        verdicts: engines.map((engine) => verdict(vector, engine, complaints)),
    }));
    for (const { vector, verdicts } of results) {
        const differs = !verdicts.every(agree);
        const where = `${vector.file}: ${vector.name}`;
        if (differs && !vector.browsers) complaints.push(`an engine differs, and the vector has no \`browsers\` that says so: ${where}`);
        if (!differs && vector.browsers) complaints.push(`no engine differs any more, but the vector has \`browsers\`: ${where}`);
    }
    const text = [
        '# What browsers make of the decoder vectors\n',
        'Written by `tests/browsers/run`, which shows each stream of `decoder/` to the `EventSource` of three engines over HTTP, '
            + 'chunk by chunk. Not to be changed by hand.\n',
        ...summary(results, engines),
        ...notSeen(results, engines),
        ...disagreements(results, engines),
        ...times(results, engines),
        ...headers(results, engines),
    ].join('\n');
    writeFileSync(PATH, `${text.trim()}\n`);
    for (const complaint of complaints) console.error(`browsers: ${complaint}`);
    return complaints.length === 0 ? 0 : 1;
}

/** The recordings of a vector by mode. */
function streamsOf(engine, vector) {
    return Object.fromEntries(engine.streams.filter(({ name }) => name === vector.name).map((stream) => [stream.mode, stream]));
}

function verdict(vector, engine, complaints) {
    const streams = streamsOf(engine, vector);
    const stale = modes(vector).some((mode) => streams[mode]?.digest !== vector.digest);
    if (stale) complaints.push(`${engine.title} was not shown this stream as it is now: ${vector.file}: ${vector.name}`);
    return stale ? [] : compare(vector, streams);
}

const agree = (found) => found.every(({ agrees }) => agrees);
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row), ''];
const titles = (engines) => engines.map(({ title }) => title);
/** Bytes in a span of code, whatever they are. */
const code = (bytes) => {
    const text = literal(Buffer.from(bytes));
    return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
};
const cell = (bytes) => code(bytes).replaceAll('|', '\\|');

function summary(results, engines) {
    const kinds = [...new Set(results.flatMap(({ verdicts }) => verdicts.flatMap((found) => found.map(({ what }) => what))))];
    const files = [...new Set(results.map(({ vector }) => vector.file))];
    const count = (n, file) => {
        const shown = results.filter(({ vector, verdicts }) => verdicts[n].length > 0 && (!file || vector.file === file));
        return { shown: shown.length, agreeing: shown.filter(({ verdicts }) => agree(verdicts[n])).length };
    };
    return [
        ...table(['engine', 'version', 'date', 'vectors shown', 'agree in all that can be seen', 'differ'], engines.map((engine, n) => {
            const { shown, agreeing } = count(n);
            return [engine.title, engine.version, engine.date, shown, agreeing, shown - agreeing];
        })),
        'What could be compared, and in how many vectors the engine agrees:\n',
        ...table(['', ...titles(engines)], kinds.map((kind) => [kind, ...engines.map((_, n) => {
            const found = results.flatMap(({ verdicts }) => verdicts[n].filter(({ what }) => what === kind));
            return `${found.filter(({ agrees }) => agrees).length} of ${found.length}`;
        })])),
        'In how many vectors of each file the engine agrees in everything:\n',
        ...table(['', ...titles(engines)], files.map((file) => [`\`${file}\``, ...engines.map((_, n) => {
            const { shown, agreeing } = count(n, file);
            return `${agreeing} of ${shown}`;
        })])),
    ];
}

function notSeen(results, engines) {
    const shown = results.filter(({ vector }) => !vector.needsLimit);
    const having = (mode) => shown.filter(({ vector }) => modes(vector).includes(mode)).length;
    const silent = shown.filter(({ vector }) => vector.expect.events.length === 0).length;
    const without = engines.map(({ title }, n) => {
        const missed = shown.filter(({ streams }) => streams[n].plain?.header === undefined && streams[n].retry?.header === undefined);
        return `${title} ${missed.length}`;
    });
    const unsteady = engines.map(({ title, unsteady }) => `${title} ${unsteady.length}`);
    return [
        '## What a browser does not show\n',
        `- ${results.length - shown.length} of ${results.length} vectors want an event refused that passes the limit. A browser has no such limit, and they are not shown.`,
        '- Comments, positions of events, `clean` or `incomplete`: none of it can be seen from a page. Their streams are shown all the same.',
        `- ${silent} of the vectors shown bring no event. There an engine agrees by its silence and by its next request.`,
        '- `after` is compared where the events agree. The next chunk, and the end, is not sent before the page has told the server of '
            + `the events that should be out, and ${BETWEEN} ms have passed, in which one is noticed that is out too early.`,
        '- Empty chunks are not sent: the empty HTTP chunk is the end of the body.',
        `- ${shown.length - having('drip')} streams are not sent byte by byte too, being empty, of one byte, or longer than ${DRIP_LIMIT} bytes. `
            + 'Two of the bytes may still reach the engine in one read.',
        `- \`Last-Event-ID\` is not seen where the engine does not come back within ${WAIT / 1000} s: in so many vectors, ${without.join(', ')}. `
            + 'An empty value counts as none, and white space at its ends does not count, since HTTP takes it off.',
        `- The reconnection time is compared in the ${having('retry')} vectors whose streams have the word \`retry\`: the stream is the second response, `
            + `after one that has set ${TIME_BEFORE} ms. An engine agrees if it does not come back before ${EARLY * 100} % of the time are over, nor as late as by `
            + 'another time that may be in force instead (the one before, or the engines\' own, 3000 and 5000 ms). Between these '
            + 'it may wait longer, as the standard lets it.',
        '- A vector in which an engine differs is shown to it twice more, with few others at the same time. It counts if the engine differs '
            + `each time. Vectors in which one differed at first and not again: ${unsteady.join(', ')}.`,
        '',
    ];
}

function disagreements(results, engines) {
    const differing = results.filter(({ verdicts }) => !verdicts.every(agree));
    const groups = new Map();
    for (const result of differing) {
        const note = result.vector.browsers ?? 'Not yet explained.';
        groups.set(note, [...(groups.get(note) ?? []), result]);
    }
    const sorted = [...groups].sort(([, a], [, b]) => b.length - a.length);
    return [
        '## Where an engine differs\n',
        'First what the vectors say of it in `browsers`, then the vectors: what is expected, and what the engine does. An event is '
            + 'shown as its type, its data, `id` and its last event ID.\n',
        ...sorted.flatMap(([note, group], n) => {
            const who = engines.filter((_, n) => group.some(({ verdicts }) => !agree(verdicts[n])));
            return [
                `### ${n + 1}. ${titles(who).join(', ')}: ${group.length} ${group.length === 1 ? 'vector' : 'vectors'}\n`,
                `${note}\n`,
                ...group.flatMap(({ vector, verdicts }) => entry(vector, verdicts, engines)),
                '',
            ];
        }),
    ];
}

function entry(vector, verdicts, engines) {
    const lines = differences(verdicts, engines);
    const section = /^\d/.test(vector.section) ? `section ${vector.section}` : vector.section;
    const chosen = vector.choice && !CHOICES_NOT_SEEN.includes(vector.file);
    return [
        `- **${vector.name}** (\`${vector.file}\`, ${section})`,
        ...(chosen ? [`  - our choice: ${vector.choice}`] : []),
        ...(vector.carried === undefined ? [] : [`  - carried over: \`id\` ${code(vector.carried)}`]),
        `  - stream: ${vector.chunks.map(code).join(', ')}`,
        ...lines.map((line) => `  - ${line}`),
    ];
}

/** Engines that do the same, together; things in which they do the same, too. */
function differences(verdicts, engines) {
    const found = engines.flatMap(({ title }, n) => verdicts[n].filter(({ agrees }) => !agrees).map((one) => ({ title, ...one })));
    const together = merge(found, ({ what, ours, theirs }) => [what, ours, theirs], 'title');
    return merge(together, ({ ours, theirs, title }) => [ours, theirs, title], 'what').map(({ what, ours, theirs, title }) =>
        `${what.join('; ')}: ${told(ours)}; ${title.flat().filter((one, n, all) => all.indexOf(one) === n).join(' and ')}: ${told(theirs)}`);
}

/** Makes one of those with the same key, with a list of what they have under `name`. */
function merge(list, keyOf, name) {
    const merged = new Map();
    for (const one of list) {
        const key = JSON.stringify(keyOf(one));
        if (!merged.has(key)) merged.set(key, { ...one, [name]: [] });
        merged.get(key)[name].push(one[name]);
    }
    return [...merged.values()];
}

function told(value) {
    if (!Array.isArray(value)) return String(value);
    if (value.length === 0) return 'none';
    if (typeof value[0] === 'number') return value.join(', ');
    return value.map(({ type, data, last_event_id: id }) => `${code(type)} ${code(data)} id ${code(id)}`).join(', then ');
}

function times(results, engines) {
    const rows = results.filter(({ vector }) => modes(vector).includes('retry'));
    return [
        '## Reconnection times\n',
        `From the end of the stream to the next request, in milliseconds, where ${TIME_BEFORE} ms was in force before. Measured with other streams `
            + `beside (${cpus()[0].model.trim()}, ${cpus().length} shared cores): it says what time is in force, not how exact a timer is.\n`,
        ...table(['vector', 'stream', 'in force', ...titles(engines)], rows.map(({ vector, streams }) => [
            vector.name,
            cell(vector.stream),
            vector.expect.retry ?? `${TIME_BEFORE}, as before`,
            ...streams.map(({ retry }) => retry?.delay_ms ?? `more than ${WAIT}`),
        ])),
    ];
}

/** Where the header is the id, but not byte for byte. */
function headers(results, engines) {
    const rows = results.flatMap(({ vector, streams }) => {
        const ours = vector.expect.last_event_id;
        const hex = Buffer.from(ours).toString('hex');
        const exact = ({ plain }) => (plain?.header ?? '') === hex || !sameValue(ours, plain?.header);
        if (streams.every(exact)) return [];
        const shown = (header) => (typeof header === 'string' ? cell(Buffer.from(header, 'hex')) : 'no header');
        return [[vector.name, cell(ours), ...streams.map(({ plain }) => shown(plain?.header))]];
    });
    return [
        '## White space in `Last-Event-ID`\n',
        'What is on the wire behind the colon and one space, where that is the last event ID string save white space at its ends:\n',
        ...table(['vector', 'last event ID string', ...titles(engines)], rows),
    ];
}
