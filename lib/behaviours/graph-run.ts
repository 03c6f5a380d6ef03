import type { Checkpoint } from '../model/checkpoint.js';
import type { StepDefinition } from '../model/definition.js';
import { namesOf } from '../model/path.js';
import type { Frame } from '../step/frame.js';
import { NewRow } from '../step/new-row.js';
import type { Pass } from '../step/pass.js';
import type { PassEnd } from '../step/pass-end.js';
import { repeatsJournal } from '../step/repeats-journal.js';
import { beginDeclared } from './declared-call.js';
import { FanOutRun, itemsOf } from './fan-out-run.js';
import { type Ended, GraphNode, type Readiness } from './graph-node.js';
import { type NodeValue, ResultValue } from './node-value.js';
import { Routes } from './routes.js';
import { tellStep } from './tell-step.js';

type Ready = Extract<Readiness, { kind: 'begin' }>;

/**
 * The declared steps of one execution, after its handler has returned: each begins when what it comes after has ended, and
 * the execution ends when all have.
 */
export class GraphRun {
  private readonly pass: Pass;
  private readonly nodes: readonly GraphNode[];
  private readonly routes: Routes;

  /** `returned` is the row of the handler's return value, which is the execution's. */
  constructor(
    private readonly frame: Frame,
    private readonly receiver: object,
    private readonly returned: Checkpoint,
    value: NodeValue,
  ) {
    this.pass = frame.pass;
    const { method, declared } = this.pass.handler;
    const root = new GraphNode(method, null, []);
    root.standing = { kind: 'completed', value, ended: returned };
    const byName = new Map([[method, root]]);
    this.nodes = declared.map((step) => {
      const node = new GraphNode(
        step.name,
        step,
        step.after.map((name) => byName.get(name) as GraphNode),
      );
      byName.set(step.name, node);
      return node;
    });
    this.routes = new Routes(
      this.nodes,
      this.pass.replay,
      (node) => this.pathOf(node),
      (node) => this.skip(node),
    );
  }

  /** Nodes stand in an order in which each comes after its predecessors: one round moves all that can move. */
  advance(): void {
    for (const node of this.nodes) if (node.standing.kind === 'idle') this.consider(node);
    if (this.pass.ended === null && this.nodes.every((node) => node.hasEnded)) this.end();
  }

  private consider(node: GraphNode): void {
    const ready = node.readiness();
    if (ready.kind === 'begin') this.open(node, ready);
    else if (ready.kind === 'block') node.standing = { kind: 'blocked' };
    else if (ready.kind === 'skip') this.skip(node);
  }

  /** What conditions and lists throw is a failure of the step: repeating it would not help. */
  private open(node: GraphNode, ready: Ready): void {
    try {
      if (node.route !== null && !this.routes.takes(node, ready.values)) return;
      if (node.step?.each != null) this.fanOut(node, ready);
      else if (!this.wasRecorded(node)) this.begin(node, ready);
    } catch (error) {
      this.pass.stepFailures.add(error, namesOf(this.pathOf(node)));
      node.standing = { kind: 'failed', error, seq: ready.last.seq };
    }
  }

  private wasRecorded(node: GraphNode): boolean {
    const { replay, services } = this.pass;
    const row = replay?.take(this.pathOf(node), this.frame.scope) ?? null;
    if (row === null) return false;
    replay?.settled(row);
    if (row.kind === 'completed') {
      node.standing = { kind: 'completed', value: new ResultValue(services.codec, row.value), ended: row };
    } else {
      const error = services.codec.decodeFailure(row.error ?? '');
      this.pass.stepFailures.add(error, namesOf(row.path));
      node.standing = { kind: 'failed', error, seq: row.seq };
    }
    return true;
  }

  private begin(node: GraphNode, { values, last }: Ready): void {
    node.standing = { kind: 'running' };
    const { codec } = this.pass.services;
    // It sees the time at which what it comes after ended: in every pass the same.
    this.frame.time = last.endedAt;
    beginDeclared(
      this.frame,
      this.receiver,
      this.definition(node),
      node.encodedName,
      this.pathOf(node),
      () => values.map((value) => value.take()),
      {
        completed: (value, row) => this.completed(node, new ResultValue(codec, row.value, { value }), row),
        failed: (error, row) => this.failed(node, error, row.seq),
        closes: () => this.closes(node),
      },
    );
  }

  private fanOut(node: GraphNode, { values, last }: Ready): void {
    const { step } = node;
    if (step?.each == null) return;
    const items = itemsOf(step.name, step.each, values);
    node.standing = { kind: 'running' };
    const definition = this.definition(node);
    new FanOutRun(this.frame, this.receiver, definition, node.encodedName, step.each, items, last, {
      fannedOut: (value, ended) => this.completed(node, value, ended),
      itemFailed: (error, first) => this.failed(node, error, first),
      closesFanOut: () => this.closes(node),
    }).begin();
  }

  private completed(node: GraphNode, value: NodeValue, ended: Ended): void {
    node.standing = { kind: 'completed', value, ended };
    this.advance();
  }

  private failed(node: GraphNode, error: unknown, seq: number): void {
    this.pass.stepFailures.add(error, namesOf(this.pathOf(node)));
    node.standing = { kind: 'failed', error, seq };
    this.advance();
  }

  private skip(node: GraphNode): void {
    node.standing = { kind: 'skipped' };
    const { pass } = this;
    const path = this.pathOf(node);
    if (pass.replay?.isSkipped(path) === true) return;
    const now = pass.services.clock.now();
    pass.writes.hold(new NewRow(pass, path, 'skipped', path, now, 1));
    tellStep(pass, 'step.skipped', path);
  }

  /** The end that a last result brings: it can share the commit when nothing failed and nothing is left. */
  private closes(node: GraphNode): PassEnd | null {
    const isLast = this.nodes.every(
      (other) => other === node || other.standing.kind === 'completed' || other.standing.kind === 'skipped',
    );
    const left = this.pass.replay?.leftover(this.frame.path) ?? [];
    if (!isLast || left.length > 0) return null;
    return this.completion();
  }

  private end(): void {
    if (!repeatsJournal(this.frame)) return;
    let first: { readonly error: unknown; readonly seq: number } | null = null;
    for (const node of this.nodes)
      if (
        node.standing.kind === 'failed' &&
        !node.isAbsorbed &&
        (first === null || node.standing.seq < first.seq)
      )
        first = node.standing;
    this.pass.end(first === null ? this.completion() : { kind: 'failed', error: first.error });
  }

  private completion(): PassEnd {
    const { value: text, seq } = this.returned;
    return { kind: 'completed', text, valueSeq: this.pass.writes.isShort ? seq : null };
  }

  private definition(node: GraphNode): StepDefinition {
    return this.pass.worker.steps.get(node.step?.name ?? '') as StepDefinition;
  }

  private pathOf(node: GraphNode): string {
    return `${this.frame.path}/${node.encodedName}`;
  }
}
