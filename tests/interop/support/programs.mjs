// Programs that run during the checks: their output, line by line, and their end.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** A running program, with the lines of its stdout and stderr so far. */
class Program {
    stdout = [];
    stderr = [];
    #waiting = new Set();

    constructor(command, args, options) {
        this.name = [command.split('/').at(-1), ...args].join(' ');
        this.child = spawn(command, args, { stdio: 'pipe', ...options });
        this.child.stdin.on('error', () => {}); // the program has ended, which is reported below
        for (const stream of ['stdout', 'stderr']) {
            createInterface({ input: this.child[stream] }).on('line', (line) => {
                this[stream].push(line);
                this.#look();
            });
        }
        /** Resolves to the exit code (or the signal's name) once all output has been read. */
        this.ended = new Promise((resolve, reject) => {
            this.child.on('error', reject);
            this.child.on('close', (code, signal) => {
                this.exit = code ?? signal;
                resolve(this.exit);
                this.#look();
            });
        });
        this.ended.catch(() => {});
    }

    /** Evaluates `condition` after each line until it returns something, and returns that. */
    async until(condition, what = String(condition)) {
        return new Promise((resolve, reject) => {
            const look = () => {
                const found = condition(this);
                if (found) resolve(found);
                else if (this.exit !== undefined) reject(new Error(`${this.name} ended with ${this.exit} before ${what}\n${this.output}`));
                else return;
                this.#waiting.delete(look);
            };
            this.#waiting.add(look);
            look();
        });
    }

    /** Waits for this many lines on stdout, and returns them. */
    async lines(count) {
        await this.until(() => this.stdout.length >= count, `line ${count}`);
        return this.stdout.slice(0, count);
    }

    /** Waits for a line on stderr that matches, and returns the match. */
    async says(pattern) {
        return this.until(() => this.stderr.map((line) => line.match(pattern)).find(Boolean), `it said ${pattern}`);
    }

    write(text) {
        this.child.stdin.write(text);
    }

    get output() {
        return [...this.stdout.map((line) => `stdout: ${line}`), ...this.stderr.map((line) => `stderr: ${line}`)].slice(-40).join('\n');
    }

    /** Returns the largest resident memory so far, in KiB. */
    get peakMemory() {
        return memory(this.child.pid, 'VmHWM');
    }

    async kill(signal = 'SIGKILL') {
        if (this.exit === undefined && this.child.pid) {
            this.child.kill(signal);
            await this.ended;
        }
    }

    #look() {
        for (const look of [...this.#waiting]) look();
    }
}

/** Returns a number in /proc/PID/status, in KiB. */
export function memory(pid, key) {
    const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((line) => line.startsWith(`${key}:`));
    return Number(line.match(/\d+/)[0]);
}

/** Starts a program that is stopped at the end of the step. */
export function start(scope, command, args, options) {
    const program = new Program(command, args, options);
    scope.after(() => program.kill());
    return program;
}

/** Returns a free port on loopback. */
export async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

/** Waits until a program listens on the port. */
export async function listening(program, port) {
    for (;;) {
        try {
            await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' });
            return;
        } catch (error) {
            if (error.cause?.code !== 'ECONNREFUSED') return;
            if (program.exit !== undefined) throw new Error(`${program.name} ended with ${program.exit}\n${program.output}`);
            await pause(50);
        }
    }
}

/** Starts a Redis that writes no files, and returns its port. */
export async function redis(scope) {
    const port = await freePort();
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', process.env.OUT];
    const program = start(scope, 'redis-server', options);
    await program.until(() => program.stdout.some((line) => /Ready to accept connections/.test(line)), 'it was ready');
    return port;
}

/** Pauses between two checks of something that can only be polled. */
export function pause(milliseconds) {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
