import { createHook, type AsyncHook } from 'node:async_hooks';
import { namesOf } from '../../model/path.js';
import { shared } from '../../ports/current-execution.js';
import { Frame } from '../../step/frame.js';

/** What the machine answers in its own time: timers, files, sockets, threads. */
const REAL =
  /^(?:Timeout|FS|STAT|DIR|TCP|TLS|PIPE|UDP|HTTP|GETADDRINFO|GETNAMEINFO|QUERY|PROCESS|WORKER|MESSAGEPORT|ZLIB|RANDOM|PBKDF2|SCRYPT|HKDF|KEY|HASH|SIGN|CIPHER|CHECKPRIME|DERIVE|BLOB|SHUTDOWN|WRITE)/;

/** Finds bodies that wait for the machine instead of virtual time: what they do depends on its mood. */
export class RealWorkWatch {
  private readonly hook: AsyncHook;

  /** `found` is told what was begun, and by which body. */
  constructor(found: (what: string, body: string) => void) {
    this.hook = createHook({
      init: (_, type) => {
        if (type === 'PROMISE' || !REAL.test(type)) return;
        const frame = shared().storage.getStore();
        if (!(frame instanceof Frame) || frame.isDead) return;
        found(type, `${frame.pass.worker.id}.${namesOf(frame.path)}`);
      },
    });
    this.hook.enable();
  }

  stop(): void {
    this.hook.disable();
  }
}
