interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): unknown;
}

/** The value itself, or the last one of an observable. */
export function settledValue(value: unknown): unknown {
  if (!isSubscribable(value)) return value;
  return new Promise((resolve, reject) => {
    let last: unknown;
    value.subscribe({
      next: (each) => {
        last = each;
      },
      error: reject,
      complete: () => resolve(last),
    });
  });
}

function isSubscribable(value: unknown): value is Subscribable {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<Subscribable>).subscribe === 'function'
  );
}
