import { Compensate as TypedCompensate } from '../../../lib/decorators/compensate.js';
import { OnEvent } from '../../../lib/decorators/on-event.js';
import { RenamedFrom as TypedRenamedFrom } from '../../../lib/decorators/renamed-from.js';
import { Retry } from '../../../lib/decorators/retry.js';
import { Step as TypedStep } from '../../../lib/decorators/step.js';
import { Timeout } from '../../../lib/decorators/timeout.js';
import { Worker } from '../../../lib/decorators/worker.js';
import { compileWorkers } from '../../../lib/compiler/compile-workers.js';
import { compiled, foundIn, type Loose, mistakesOf, workerOf } from './worker-of.js';

const Compensate = TypedCompensate as unknown as Loose;
const RenamedFrom = TypedRenamedFrom as Loose;
const Step = TypedStep as Loose;
const handler = [OnEvent('x')];

describe('a compensation', () => {
  it('is a step that runs by itself, with policies of its own, for the step that it undoes', () => {
    const { compensations, steps } = compiled({
      go: handler,
      charge: [Step()],
      ship: [Step({ after: 'go' })],
      refund: [Compensate('charge'), Retry({ maxAttempts: 9 }), Timeout('3s')],
      recall: [Compensate('ship')],
    });
    expect([...compensations]).toEqual([
      ['charge', 'refund'],
      ['ship', 'recall'],
    ]);
    expect(steps.get('refund')).toMatchObject({
      isDeclared: true,
      atMostOnce: false,
      key: null,
      timeoutMs: 3_000,
      retry: { maxAttempts: 9 },
    });
    expect(steps.get('charge')).toMatchObject({ isDeclared: false });
  });

  it('outside an execution is the plain method', () => {
    class Till {
      @TypedStep()
      charge(): number {
        return 5;
      }
      @TypedCompensate('charge')
      refund(amount: number): string {
        return `refunded ${amount}`;
      }
    }
    expect(new Till().refund(5)).toBe('refunded 5');
  });

  it.each([
    [
      'a name that nothing has',
      { undo: [Compensate('chargge')] },
      "'chargge', which is no step of this class",
    ],
    ['a handler', { undo: [Compensate('go')] }, "'go', a handler"],
    [
      'a compensation',
      { refund: [Compensate('charge')], undo: [Compensate('refund')] },
      "'refund', a compensation itself",
    ],
    [
      'a step that has one',
      { refund: [Compensate('charge')], undo: [Compensate('charge')] },
      "'charge', which 'refund' undoes already",
    ],
  ])('of %s is refused', (_, methods, found) => {
    expect(foundIn({ go: handler, charge: [Step()], ...methods })).toEqual([
      `undo: @Compensate names ${found}`,
    ]);
  });

  it('of a misspelt step is told the near ones', () => {
    const type = workerOf({ go: handler, charge: [Step()], undo: [Compensate('chargge')] });
    expect(mistakesOf(type)[0]?.write).toBe('Write charge');
  });

  it.each([[undefined], [5], ['']])('of %p is refused', (name) => {
    expect(foundIn({ go: handler, charge: [Step()], undo: [Compensate(name)] })).toEqual([
      expect.stringContaining('undo: @Compensate has '),
    ]);
  });

  it('is neither step nor handler besides', () => {
    expect(
      foundIn({
        charge: [Step()],
        ship: [Step()],
        go: [OnEvent('x'), Compensate('charge')],
        undo: [Step(), Compensate('ship')],
      }),
    ).toEqual(['go: it is a compensation and a handler', 'undo: it is a compensation and a step']);
  });

  it('is nothing that a step can come after', () => {
    expect(
      foundIn({
        go: handler,
        charge: [Step()],
        undo: [Compensate('charge')],
        next: [Step({ after: 'undo' })],
      }),
    ).toEqual(["next: @Step names 'undo' in after, a compensation"]);
  });

  it('stands once on a method', () => {
    expect(
      foundIn({ go: handler, charge: [Step()], undo: [Compensate('charge'), Compensate('charge')] }),
    ).toEqual(['undo: @Compensate is written twice']);
  });

  it('is inherited, and cannot be taken over without the decorator', () => {
    class Base {
      @OnEvent('x')
      go(): void {}
      @TypedStep()
      charge(): number {
        return 5;
      }
      @TypedCompensate('charge')
      refund(_amount: number): void {}
    }
    @Worker('child')
    class Child extends Base {}
    @Worker('silent')
    class Silent extends Base {
      override refund(): void {}
    }
    expect([...(compileWorkers([Child])[0]?.compensations ?? [])]).toEqual([['charge', 'refund']]);
    expect(() => compileWorkers([Silent])).toThrow(
      "Silent.refund: it overrides a compensation of the class it extends, without @Compensate. Write @Compensate('charge') on it too",
    );
  });
});

describe('a former name', () => {
  it('leads to the step that has it now', () => {
    const { renames } = compiled({
      go: handler,
      charge: [Step(), RenamedFrom('bill', 'invoice')],
      ship: [Step({ after: 'go' }), RenamedFrom('send')],
      refund: [Compensate('charge'), RenamedFrom('giveBack')],
    });
    expect([...renames]).toEqual([
      ['bill', 'charge'],
      ['invoice', 'charge'],
      ['send', 'ship'],
      ['giveBack', 'refund'],
    ]);
  });

  it.each([
    [
      'that a step still has',
      { a: [Step(), RenamedFrom('b')], b: [Step()] },
      "a: @RenamedFrom has 'b', which is still a step of this class",
    ],
    [
      'that is its own',
      { a: [Step(), RenamedFrom('a')] },
      "a: @RenamedFrom has 'a', which is still a step of this class",
    ],
    [
      'that another step had',
      { a: [Step(), RenamedFrom('old')], b: [Step(), RenamedFrom('old')] },
      "b: @RenamedFrom has 'old', and so has 'a'",
    ],
    ['written twice', { a: [Step(), RenamedFrom('old', 'old')] }, "a: @RenamedFrom has 'old' twice"],
    ['that is no text', { a: [Step(), RenamedFrom(5)] }, 'a: @RenamedFrom has 5'],
    [
      'of a handler',
      { a: [OnEvent('y'), RenamedFrom('b')] },
      'a: @RenamedFrom stands on a handler, which cannot be renamed while executions are in flight: they belong to it by its name',
    ],
    ['of any method', { a: [RenamedFrom('b')] }, 'a: @RenamedFrom stands on a method that is no step'],
  ])('%s is refused', (_, methods, found) => {
    expect(foundIn({ go: handler, ...methods })).toEqual([found]);
  });

  it('needs at least one name, and one decorator', () => {
    expect(foundIn({ go: handler, a: [Step(), RenamedFrom('b'), RenamedFrom('c')] })).toEqual([
      'a: @RenamedFrom is written twice',
    ]);
    expect(foundIn({ go: handler, a: [Step(), RenamedFrom()] })).toEqual(['a: @RenamedFrom names nothing']);
  });
});
