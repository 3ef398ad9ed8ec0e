// Compares a browser's recordings with the expected results of a vector.

import { TIME_BEFORE, WAIT } from './session.mjs';

/** Reconnection times that an engine might use instead of the right one: that of the previous stream, and the defaults. */
const OTHERS = [TIME_BEFORE, 3000, 5000];
/** A timer can be slightly early, and late up to the next of these times. */
const EARLY = 0.95;

/**
 * Returns the comparisons, each with its name, the vector's value, the browser's, and whether they agree. `recordings` are by
 * mode.
 */
export function compare(vector, recordings) {
    const found = [];
    const { expect } = vector;
    const check = (what, ours, theirs, agrees = JSON.stringify(ours) === JSON.stringify(theirs)) => {
        found.push({ what, ours, theirs, agrees });
    };
    const { plain, drip, retry } = recordings;
    if (plain) {
        check('events', expect.events, plain.events);
        // If the events differ, their number is meaningless.
        if (found.at(-1).agrees && vector.chunks.length > 0) check('events after each chunk', expect.after, plain.after);
    }
    if (drip) check('events, byte by byte', expect.events, drip.events);
    if (retry) check('events, on a second connection', expect.events, retry.events);

    if (vector.carried !== undefined && plain) {
        check('Last-Event-ID carried over', shown(Buffer.from(vector.carried)), header(plain.header_before), sameValue(vector.carried, plain.header_before));
    }
    for (const recording of [plain, retry]) {
        if (recording?.header === undefined) continue;
        check('Last-Event-ID', shown(Buffer.from(expect.last_event_id)), header(recording.header), sameValue(expect.last_event_id, recording.header));
        break;
    }
    if (retry) {
        const time = expect.retry ?? BigInt(TIME_BEFORE);
        const agrees = time > BigInt(WAIT) ? retry.delay_ms === undefined : inForce(Number(time), retry.delay_ms);
        check('reconnection time', expect.retry === null ? `${TIME_BEFORE} ms, as before` : `${time} ms`, delay(retry), agrees);
    } else if (plain) {
        check('reconnects', true, plain.end === 'closed');
    }
    return found;
}

function inForce(time, measured) {
    const next = Math.min(...OTHERS.filter((other) => other > time));
    return measured !== undefined && measured >= time * EARLY && measured < next * EARLY;
}

function delay({ delay_ms: milliseconds }) {
    return milliseconds === undefined ? `not back within ${WAIT / 1000} s` : `back after ${milliseconds} ms`;
}

/** Removes spaces and tabs around a value, which HTTP ignores. */
function trim(latin1) {
    return latin1.replace(/^[ \t]+|[ \t]+$/g, '');
}

/** An empty value equals no header. */
export function sameValue(text, hex) {
    return trim(Buffer.from(text).toString('latin1')) === trim(Buffer.from(hex ?? '', 'hex').toString('latin1'));
}

function header(hex) {
    return hex === null || hex === undefined ? 'no header' : shown(Buffer.from(hex, 'hex'));
}

function shown(bytes) {
    return bytes.length === 0 ? 'no header' : `\`${literal(bytes)}\``;
}

/** Formats bytes as a string literal: valid UTF-8 as text, invisible characters escaped, the middle of a long one left out. */
export function literal(bytes) {
    if (bytes.length > 160) {
        return `${literal(bytes.subarray(0, 60))} … ${bytes.length} bytes … ${literal(bytes.subarray(-40))}`;
    }
    let text = '';
    for (let at = 0; at < bytes.length;) {
        const character = wellFormed(bytes.subarray(at, at + 4));
        if (character) {
            text += escape(character);
            at += Buffer.byteLength(character);
        } else {
            text += `\\x${bytes[at].toString(16).padStart(2, '0')}`;
            at += 1;
        }
    }
    return `"${text}"`;
}

/** Returns the character that these bytes begin with. */
function wellFormed(bytes) {
    const [character] = bytes.toString('utf8');
    return Buffer.from(character).equals(bytes.subarray(0, Buffer.byteLength(character))) ? character : undefined;
}

function escape(character) {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' }[character];
    if (known) return known;
    return /^[\p{L}\p{N}\p{P}\p{S} ]$/u.test(character) ? character : `\\u{${character.codePointAt(0).toString(16)}}`;
}
