// Drives a decoder, an encoder, or both in JavaScript through the conformance protocol: `driver.mjs NAME`.

import { createInterface } from 'node:readline';

import { decoders } from './decoders.mjs';
import { encoders } from './encoders.mjs';

const name = process.argv[2];
const [parse, serialize] = [await decoders[name]?.(), await encoders[name]?.()];

function answerTo(request) {
    if (parse && request.chunks) {
        if (request.limit !== undefined) throw { unsupported: 'a decoder without a limit' };
        const chunks = request.chunks.map((chunk) => new Uint8Array(Buffer.from(chunk, 'base64')));
        return parse({ chunks, lastEventId: request.last_event_id ?? '' });
    }
    if (serialize && request.serialize) {
        const { retry } = request.serialize;
        if (request.strict) throw { unsupported: 'it has no strict mode' };
        if (retry !== undefined && !Number.isSafeInteger(retry)) throw { unsupported: 'it takes a double' };
        return serialize(request.serialize);
    }
    throw { unsupported: 'it does not do this' };
}

// Errors that are thrown outside of a promise that is awaited.
let fail = () => {};
process.on('uncaughtException', (error) => fail(error));
process.on('unhandledRejection', (error) => fail(error));
for await (const line of createInterface({ input: process.stdin })) {
    const failed = new Promise((_, reject) => (fail = reject));
    failed.catch(() => {});
    let answer;
    try {
        answer = await Promise.race([answerTo(JSON.parse(line)), failed]);
    } catch (error) {
        answer = error.unsupported ? error : { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
