/** A decoder that follows the standard, for the driver of PROTOCOL.md. */
export class Decoder {
    retry = null;
    #text = new TextDecoder();
    #afterCr = false;
    #line = '';
    #data = [];
    #type = '';
    #idBuffer;

    constructor(lastEventId = '') {
        this.lastEventId = this.#idBuffer = lastEventId;
    }

    /** The events that are out after this chunk. */
    feed(chunk) {
        let text = this.#text.decode(chunk, { stream: true });
        if (this.#afterCr && text) {
            text = text.replace(/^\n/, '');
            this.#afterCr = false;
        }
        this.#afterCr ||= text.endsWith('\r');
        const lines = (this.#line + text).split(/\r\n|\r|\n/);
        this.#line = lines.pop();
        return lines.flatMap((line) => this.#process(line));
    }

    #process(line) {
        const colon = line.indexOf(':');
        const name = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (line === '') {
            this.lastEventId = this.#idBuffer;
            const event = { type: this.#type || 'message', data: this.#data.join('\n'), last_event_id: this.lastEventId };
            const events = this.#data.length ? [event] : [];
            this.#data = [];
            this.#type = '';
            return events;
        }
        if (name === 'data') this.#data.push(value);
        if (name === 'event') this.#type = value;
        if (name === 'id' && !value.includes('\0')) this.#idBuffer = value;
        if (name === 'retry' && /^[0-9]+$/.test(value)) {
            const time = BigInt(value);
            this.retry = time < 2n ** 64n ? time : 2n ** 64n - 1n;
        }
        return [];
    }
}
