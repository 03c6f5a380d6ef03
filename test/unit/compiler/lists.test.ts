import { OnEvent } from '../../../lib/decorators/on-event.js';
import { Step } from '../../../lib/decorators/step.js';
import { Worker } from '../../../lib/decorators/worker.js';
import { mistakesOf } from './worker-of.js';

class Place {
  name = '';
}

abstract class Base {
  @OnEvent('x')
  begin(): string[] {
    return [];
  }

  @Step({ after: 'begin', each: (ids: string[]) => ids })
  async reserve(id: string): Promise<string> {
    return id;
  }

  @Step({ after: 'begin', each: (ids: string[]) => ids })
  place(_id: string): Place {
    return new Place();
  }
}

it('a step that takes one result where a list comes is refused, wherever the parameter stands', () => {
  @Worker('lists')
  class Lists extends Base {
    @Step({ after: 'reserve' })
    one(_place: string): void {}

    @Step({ after: ['begin', 'place'] })
    second(_ids: string[], _place: Place): void {}

    @Step({ after: ['reserve', 'begin'], join: 'any' })
    either(_places: string[]): void {}

    @Step({ after: ['reserve'], join: 'all' })
    inArray(_place: string): void {}
  }
  expect(mistakesOf(Lists)).toEqual([
    {
      found: "one: it receives the list of results of 'reserve', which has each, but its parameter is String",
      write: 'Write an array of it: (results: string[])',
    },
    {
      found:
        "second: it receives the list of results of 'place', which has each, but its parameter 2 is Place",
      write: 'Write an array of it: (results: Place[])',
    },
    {
      found:
        "inArray: it receives the list of results of 'reserve', which has each, but its parameter is String",
      write: 'Write an array of it: (results: string[])',
    },
  ]);
});

it('what takes a list, an unknown type or nothing at all is let be, and so is an item', () => {
  @Worker('lists')
  class Lists extends Base {
    @Step({ after: 'reserve' })
    list(_places: string[]): void {}

    @Step({ after: 'reserve' })
    readonlyList(_places: readonly string[]): void {}

    @Step({ after: 'place' })
    iterable(_places: Iterable<Place>): void {}

    @Step({ after: 'reserve' })
    anything(_places: unknown): void {}

    @Step({ after: ['reserve', 'begin'] })
    none(): void {}

    @Step({ after: 'reserve', each: (places: string[]) => places })
    item(_place: string): void {}

    @Step({ after: 'begin' })
    whole(_ids: readonly string[]): void {}
  }
  expect(mistakesOf(Lists)).toEqual([]);
});
