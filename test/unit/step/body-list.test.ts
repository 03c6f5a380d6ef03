import type { Body } from '../../../lib/step/body.js';
import { BodyList } from '../../../lib/step/body-list.js';

function bodyOf(encodedName: string): Body {
  return { encodedName, previousBody: null, nextBody: null } as Body;
}

function listOf(...names: readonly string[]): { readonly list: BodyList; readonly bodies: readonly Body[] } {
  const list = new BodyList();
  const bodies = names.map(bodyOf);
  for (const body of bodies) list.add(body);
  return { list, bodies };
}

const namesOf = (list: BodyList): readonly string[] => Array.from(list, ({ encodedName }) => encodedName);

describe('bodies that run', () => {
  it('are listed in the order in which they began', () => {
    const { list } = listOf('a', 'b', 'c');
    expect(namesOf(list)).toEqual(['a', 'b', 'c']);
    expect(list.size).toBe(3);
  });

  it.each([
    [0, ['b', 'c']],
    [1, ['a', 'c']],
    [2, ['a', 'b']],
  ])('leave from any place: %d', (at, left) => {
    const { list, bodies } = listOf('a', 'b', 'c');
    list.delete(bodies[at] as Body);
    // What left once leaves no more.
    list.delete(bodies[at] as Body);
    expect(namesOf(list)).toEqual(left);
    list.add(bodyOf('d'));
    expect(namesOf(list)).toEqual([...left, 'd']);
    expect(list.size).toBe(3);
  });

  it('may all leave, and others come', () => {
    const { list, bodies } = listOf('a', 'b');
    for (const body of bodies) list.delete(body);
    expect([list.size, namesOf(list)]).toEqual([0, []]);
    list.add(bodyOf('c'));
    expect(namesOf(list)).toEqual(['c']);
  });

  it('may leave while they are gone through', () => {
    const { list } = listOf('a', 'b', 'c');
    const seen: string[] = [];
    for (const body of list) {
      seen.push(body.encodedName);
      list.delete(body);
    }
    expect([seen, list.size]).toEqual([['a', 'b', 'c'], 0]);
  });
});
