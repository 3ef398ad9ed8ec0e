// Named steps. Each prints one line. A failure prints its evidence, and the run continues with the next step.

const results = { passed: 0, failed: 0 };
const only = process.env.ONLY;

/** What a step has started. It is stopped at the end of the step, the latest first. */
class Scope {
    #endings = [];
    notes = [];

    /** Calls this at the end of the step, whether it passed or not. */
    after(ending) {
        this.#endings.push(ending);
    }

    /** Shows this text below the step's line. */
    note(text) {
        this.notes.push(text);
    }

    async end() {
        for (const ending of this.#endings.reverse()) await ending();
    }
}

/** Runs one check. The time limit only ends a check that hangs. */
export async function step(name, check, { seconds = 30 } = {}) {
    if (only && !name.includes(only)) return;
    const scope = new Scope();
    let timer;
    const timeout = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
    });
    let failure;
    try {
        await Promise.race([check(scope), timeout]);
    } catch (error) {
        failure = error;
    }
    clearTimeout(timer);
    results[failure ? 'failed' : 'passed'] += 1;
    console.log(`${failure ? 'FAIL' : 'pass'}  ${name}`);
    for (const note of scope.notes) console.log(indent(note));
    if (failure) console.log(indent(failure.stack ?? String(failure)));
    try {
        await scope.end();
    } catch (error) {
        console.log(indent(`cleanup failed: ${error.stack}`));
        results.failed += 1;
    }
}

/** Prints the last line, and returns the exit code. */
export function summary() {
    console.log(`${results.passed} passed, ${results.failed} failed`);
    return results.failed === 0 && results.passed > 0 ? 0 : 1;
}

function indent(text) {
    return text.replace(/^/gm, '      ');
}
