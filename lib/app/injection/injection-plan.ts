import { type ClassMistakes, MistakeLog } from '../../compiler/mistake-log.js';
import type { DefinitionMistake } from '../../model/errors-boot.js';
import { constructorParameters, isDelayed, type Parameter } from './constructor-parameters.js';
import type { Constructable, Provider } from './provider.js';
import { isMistake, type Recipe, recipeOf } from './recipe.js';
import { tokenTitle } from './token-title.js';

export interface InjectionPlanOptions {
  /** The framework's own; `providers` replace them. */
  readonly parts: readonly Provider[];
  /** Of several for one token the last holds. */
  readonly providers: readonly Provider[];
  readonly late: readonly unknown[];
  isProvidedElsewhere(token: unknown): boolean;
}

/** Which tokens are built from which, and in what order. Finds every mistake before anything is built. */
export class InjectionPlan {
  /** Dependencies first. */
  readonly order: Recipe[] = [];
  private readonly recipes = new Map<unknown, Recipe>();
  private readonly parameters = new Map<unknown, readonly Parameter[]>();
  private readonly late = new Set<unknown>();
  private readonly visited = new Set<unknown>();
  private readonly path: unknown[] = [];
  private readonly isProvidedElsewhere: (token: unknown) => boolean;
  private log = new MistakeLog();

  constructor(options: InjectionPlanOptions) {
    this.isProvidedElsewhere = (token) => options.isProvidedElsewhere(token);
    [...options.parts, ...options.providers].forEach((provider, position) => {
      const recipe = recipeOf(provider, position - options.parts.length);
      if (isMistake(recipe)) this.log.add(recipe);
      else this.recipes.set(recipe.token, recipe);
    });
    for (const token of options.late) {
      this.recipes.set(token, { kind: 'late', token });
      this.late.add(token);
    }
  }

  get mistakes(): readonly DefinitionMistake[] {
    return this.log.mistakes;
  }

  /** The mistakes found since it was last asked. */
  takeMistakes(): readonly DefinitionMistake[] {
    const { mistakes } = this.log;
    this.log = new MistakeLog();
    return mistakes;
  }

  tokens(): unknown[] {
    return [...this.recipes.keys()];
  }

  find(token: unknown): Recipe | null {
    return this.recipes.get(token) ?? null;
  }

  /** Whether its value waits for a late token. */
  isLate(token: unknown): boolean {
    return this.late.has(token);
  }

  /** A late token has its value now; what waited for all its late tokens can be built. */
  settle(token: unknown): void {
    this.late.delete(token);
    for (const recipe of this.order) {
      if (recipe.kind !== 'late' && !this.waits(recipe)) this.late.delete(recipe.token);
    }
  }

  parametersOf(type: Constructable): readonly Parameter[] {
    return this.parameters.get(type) ?? [];
  }

  /** Who needs the token, and who needs that, the outermost first. */
  usersOf(token: unknown): readonly unknown[] {
    const users: unknown[] = [];
    for (let at: unknown = token; at !== undefined; ) {
      const needed = at;
      at = this.order.find((recipe) =>
        this.dependencies(recipe).some((each) => each.token === needed),
      )?.token;
      if (at !== undefined) users.unshift(at);
    }
    return users;
  }

  /** Plans the tokens and all they need; nothing of them when there is a mistake, so that a later try finds it again. */
  include(tokens: readonly unknown[]): void {
    const before = { order: this.order.length, mistakes: this.log.mistakes.length };
    const mistakes = this.log.of({ name: 'providers' });
    for (const token of tokens) this.visit(token, mistakes, tokenTitle(token), false);
    if (this.log.mistakes.length > before.mistakes) this.forget(this.order.splice(before.order));
  }

  private forget(recipes: readonly Recipe[]): void {
    for (const recipe of recipes) {
      this.visited.delete(recipe.token);
      if (recipe.kind === 'class') this.parameters.delete(recipe.type);
      if (this.automatic(recipe.token) !== null) this.recipes.delete(recipe.token);
    }
  }

  private visit(token: unknown, mistakes: ClassMistakes, member: string, optional: boolean): void {
    if (isDelayed(token)) return;
    if (this.path.includes(token)) {
      const circle = [...this.path.slice(this.path.indexOf(token)), token].map(tokenTitle).join(' → ');
      mistakes.add(
        member,
        `it needs itself: ${circle}`,
        'Break the circle, or take one of them as @inject(delay(() => It)) of tsyringe',
      );
      return;
    }
    if (this.visited.has(token)) return;
    const recipe = this.recipes.get(token) ?? this.automatic(token);
    if (recipe === null) {
      if (optional || this.isProvidedElsewhere(token)) return;
      mistakes.add(
        member,
        `nothing provides ${tokenTitle(token)}`,
        `Add { provide: ${tokenTitle(token)}, useValue: … } to providers`,
      );
      return;
    }
    this.recipes.set(token, recipe);
    this.path.push(token);
    this.visitDependencies(recipe);
    this.path.pop();
    this.visited.add(token);
    if (this.waits(recipe)) this.late.add(token);
    this.order.push(recipe);
  }

  private visitDependencies(recipe: Recipe): void {
    const owner =
      recipe.kind === 'class' ? recipe.type : { name: `the factory of ${tokenTitle(recipe.token)}` };
    const mistakes = this.log.of(owner);
    if (recipe.kind === 'class' && !this.parameters.has(recipe.type)) {
      const needing = this.path.at(-2);
      const neededBy = needing === undefined ? null : tokenTitle(needing);
      this.parameters.set(recipe.type, constructorParameters(recipe.type, mistakes, neededBy));
    }
    for (const { index, token, optional, transform } of this.dependencies(recipe)) {
      this.visit(token, mistakes, `parameter ${index}`, optional);
      if (transform !== null) this.visit(transform.token, mistakes, `parameter ${index}`, false);
    }
  }

  /** A class that nobody provides stands for itself. */
  private automatic(token: unknown): Recipe | null {
    if (typeof token !== 'function' || this.isProvidedElsewhere(token)) return null;
    return { kind: 'class', token, type: token as Constructable };
  }

  private dependencies(recipe: Recipe): readonly Parameter[] {
    if (recipe.kind === 'factory') return recipe.parameters;
    return recipe.kind === 'class' ? this.parametersOf(recipe.type) : [];
  }

  private waits(recipe: Recipe): boolean {
    return (
      recipe.kind === 'late' ||
      this.dependencies(recipe).some(
        ({ token, transform }) => this.late.has(token) || this.late.has(transform?.token),
      )
    );
  }
}
