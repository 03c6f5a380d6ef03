import { runHandler } from '../behaviours/handler.js';
import { openTurn } from '../behaviours/open-turn.js';
import type { Checkpoint } from '../model/checkpoint.js';
import type { EventRoute, HandlerDefinition } from '../model/definition.js';
import { InvalidEventError } from '../model/errors-event.js';
import { InvalidStateError } from '../model/errors-instance.js';
import { StoreUnavailableError } from '../model/errors-store.js';
import { tellFault } from '../ports/tell-fault.js';
import type { Pass } from '../step/pass.js';
import { type Beginning, beginWithin } from './begin-within.js';
import type { Opening } from './opening.js';
import type { Receivers } from './work.js';

/** Before a store that did not answer is asked again. */
const AGAIN_MS = 1_000;

/**
 * Starts a pass's handler: the object that its worker's methods run on and the event, whether the handler takes it, its limits, its method. What
 * it takes to get there is synchronous where the parts are.
 */
export function startHandler(pass: Pass, opening: Opening, receivers: Receivers): void {
  try {
    const receiver = receivers.receiverOf(pass.worker);
    const event = eventOf(pass, opening);
    if (receiver instanceof Promise || event instanceof Promise)
      offerLater(pass, opening, Promise.all([receiver, event]));
    else offer(pass, opening, receiver, event);
  } catch (error) {
    couldNotBegin(pass, error);
  }
}

function eventOf({ record, services }: Pass, { copy }: Opening): unknown {
  const { eventName, schemaHash } = record;
  const data = copy === null ? services.codec.decode(record.input) : copy.value;
  return services.events.restore(eventName, data, schemaHash);
}

function offerLater(
  pass: Pass,
  opening: Opening,
  parts: Promise<readonly [receiver: object, event: unknown]>,
): void {
  parts
    .then(([receiver, event]) => offer(pass, opening, receiver, event))
    .catch((error: unknown) => couldNotBegin(pass, error));
}

/** The handler's `when` and guard have their say. */
function offer(pass: Pass, opening: Opening, receiver: object, event: unknown): void {
  const accepted = accepts(pass, event, opening.journal.rows);
  if (!(accepted instanceof Promise)) begin(pass, opening, receiver, event, accepted);
  else
    accepted
      .then((takes) => begin(pass, opening, receiver, event, takes))
      .catch((error: unknown) => couldNotBegin(pass, error));
}

/** Asked until a step is recorded: from then on the event was taken, and so is the input of each later turn. */
function accepts(
  { handler, record }: Pass,
  event: unknown,
  journal: readonly Checkpoint[],
): boolean | Promise<boolean> {
  const route = routeOf(handler, record.eventName);
  if (record.turn > 0 || route === undefined || route.accepts === null) return true;
  if (journal.some(({ path }) => path.includes('/'))) return true;
  return route.accepts(event);
}

/** The one by which the event comes to the handler; that of an event which it takes by a family is its first. */
function routeOf({ routes }: HandlerDefinition, event: string): EventRoute | undefined {
  for (const route of routes) if (route.event === event) return route;
  return routes[0];
}

/** `accepted` is what code of users answered. */
function begin(pass: Pass, { visible }: Opening, receiver: object, event: unknown, accepted: unknown): void {
  if (pass.ended !== null) return;
  if (!accepted) pass.end({ kind: 'skipped' });
  else if (!pass.services.mayStartBody()) pass.end({ kind: 'lost' });
  else beginWithin(pass, visible, event, new HandlerStart(pass, visible, receiver, event));
}

/** The handler within its limits, and with its turn. */
class HandlerStart implements Beginning {
  constructor(
    private readonly pass: Pass,
    private readonly journal: readonly Checkpoint[],
    private readonly receiver: object,
    private readonly event: unknown,
  ) {}

  begin(): void {
    const { pass, journal, receiver, event } = this;
    if (pass.handler.keyed === undefined) runHandler(pass, receiver, event);
    else beginTurn(pass, journal, () => runHandler(pass, receiver, event));
  }
}

/** A turn of an instance begins with what the instance is. */
function beginTurn(pass: Pass, journal: readonly Checkpoint[], run: () => void): void {
  openedTurn(pass, journal).then(
    (isWanted) => {
      if (pass.isClosing) pass.scheduleCheck();
      else if (pass.ended !== null) return;
      else if (isWanted) run();
      else pass.end({ kind: 'skipped' });
    },
    (error: unknown) => {
      if (error instanceof StoreUnavailableError)
        beginAgain(pass, error, () => beginTurn(pass, journal, run));
      else couldNotBegin(pass, error);
    },
  );
}

async function openedTurn(pass: Pass, journal: readonly Checkpoint[]): Promise<boolean> {
  pass.turn = await openTurn(pass, journal);
  return pass.turn === null || pass.turn.load();
}

/** A store that does not answer is no failure of the turn: none of its attempts is spent. */
function beginAgain(pass: Pass, error: unknown, begin: () => void): void {
  const { services } = pass;
  tellFault(services, 'begin a turn', error);
  pass.turn = null;
  const timer = services.clock.setTimer(AGAIN_MS, () => {
    if (pass.isClosing) pass.scheduleCheck();
    else if (!services.mayStartBody()) pass.end({ kind: 'lost' });
    else begin();
  });
  pass.whenEnded = () => timer.cancel();
}

/** An event or a state that does not fit its schema any more needs a person; anything else may be tried again. */
function couldNotBegin(pass: Pass, error: unknown): void {
  const isUnfit = error instanceof InvalidEventError || error instanceof InvalidStateError;
  pass.end({ kind: isUnfit ? 'parked' : 'threw', error });
}
