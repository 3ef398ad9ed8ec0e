// Sends the decoder vectors to browsers, records what they report, and writes the results; `run` starts this.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { compare } from './compare.mjs';
import { engines } from './engines.mjs';
import { report } from './report.mjs';
import { modes, Session } from './session.mjs';
import { decoderCases } from './vectors.mjs';

const { OUT, ONLY } = process.env;
/** How often a run that differs is repeated with few others at the same time. */
const CONFIRMATIONS = 2;
/** How many runs of a repetition are made at the same time. */
const ALONE = 4;
/** A browser that reports nothing for this time, in milliseconds, counts as stuck. */
const SILENCE = 120_000;

const chosen = process.argv.slice(2);
for (const name of chosen.filter((name) => name !== 'report' && !(name in engines))) {
    console.error(`browsers: unknown engine ${name}; the engines are ${Object.keys(engines).join(', ')}; \`report\` only writes the results`);
    process.exit(2);
}
mkdirSync(OUT, { recursive: true });

const vectors = decoderCases().filter(({ file, name }) => !ONLY || file.includes(ONLY) || name.includes(ONLY));
for (const [name, engine] of Object.entries(engines)) {
    if (chosen.length === 0 || chosen.includes(name)) await record(name, engine);
}
process.exitCode = ONLY ? 0 : report(vectors, recorded());

/** Runs all vectors in one engine, and records the results in a file. */
async function record(name, engine) {
    const began = Date.now();
    const endings = [];
    const scope = { after: (ending) => endings.push(ending) };
    const session = new Session();
    try {
        const browser = await engine.open(scope, await session.open());
        const silence = watch(session, browser);
        endings.push(silence.stop);
        const all = (runs, parallel) => Promise.race([session.run(runs, parallel), silence.broken]);

        const kept = new Map();
        const keep = (recordings) => {
            for (const recording of recordings) kept.set(JSON.stringify([recording.name, recording.mode]), recording);
        };
        keep(await all(vectors.flatMap((vector) => modes(vector).map((mode) => ({ vector, mode })))));
        const differs = (vector) => compare(vector, of(kept, vector)).some(({ agrees }) => !agrees);
        const atFirst = vectors.filter(differs);
        let differing = atFirst;
        for (let n = 0; n < CONFIRMATIONS; n += 1) {
            keep(await all(differing.flatMap((vector) => modes(vector).map((mode) => ({ vector, mode }))), ALONE));
            differing = differing.filter(differs);
        }
        const seconds = Math.round((Date.now() - began) / 1000);
        console.log(`${engine.title} ${engine.version()}: ${kept.size} streams in ${seconds} s, ${differing.length} vectors differ`);
        if (ONLY) show(differing, kept);
        const date = new Date().toISOString().slice(0, 10);
        const unsteady = atFirst.filter((vector) => !differing.includes(vector)).map(({ name }) => name);
        const recording = { title: engine.title, version: engine.version(), date, unsteady, streams: [...kept.values()] };
        if (!ONLY) writeFileSync(`${OUT}/${name}.json`, `${JSON.stringify(recording, null, 1)}\n`);
    } finally {
        for (const ending of endings.reverse()) await ending();
        session.close();
    }
}

function of(kept, vector) {
    return Object.fromEntries(modes(vector).map((mode) => [mode, kept.get(JSON.stringify([vector.name, mode]))]));
}

function show(differing, kept) {
    for (const vector of differing) {
        console.log(`\n${vector.file}: ${vector.name}`);
        for (const { what, ours, theirs, agrees } of compare(vector, of(kept, vector))) {
            if (!agrees) console.log(`    ${what}: ${JSON.stringify(ours)}, it: ${JSON.stringify(theirs)}`);
        }
    }
}

/** Rejects when the browser ends or gets stuck. */
function watch(session, browser) {
    let stop;
    const broken = new Promise((_, reject) => {
        const fail = (what) => reject(new Error(`${browser.name.slice(0, 60)} … ${what}\n${browser.output}`));
        const timer = setInterval(() => {
            if (performance.now() - session.heard > SILENCE) fail('is stuck');
        }, 1000);
        browser.ended.then((exit) => fail(`ended with ${exit}`), reject);
        stop = () => clearInterval(timer);
    });
    broken.catch(() => {});
    return { broken, stop };
}

/** Reads the recordings of each engine. */
function recorded() {
    return Object.keys(engines).map((name) => {
        const path = `${OUT}/${name}.json`;
        if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'));
        console.error(`browsers: there is no recording of ${name}; run \`tests/browsers/run ${name}\``);
        return process.exit(1);
    });
}
