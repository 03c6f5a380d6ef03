import { fork } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** A forked subject that answers one request at a time. */
export class Subject {
  /** `build`: the folder of the package that it measures. */
  constructor(build) {
    this.process = fork(join(here, 'subject.mjs'), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, HOLDFAST_BENCH_BUILD: build, NODE_ENV: 'production' },
    });
  }

  ask(request) {
    return new Promise((done, failed) => {
      const died = (code) => failed(new Error(`a subject ended with code ${code}`));
      this.process.once('exit', died);
      this.process.once('message', ({ value, error }) => {
        this.process.removeListener('exit', died);
        if (error === undefined) done(value);
        else failed(new Error(error));
      });
      this.process.send(request);
    });
  }

  async end() {
    await this.ask({ end: true });
    this.process.kill();
  }
}
