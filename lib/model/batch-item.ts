/** One event of a batch, as the store keeps it. */
export interface BatchItem {
  readonly event: string;
  /** The encoded payload. */
  readonly input: string;
  /** Hash of the schema that checked it; null when the schema has none. */
  readonly schemaHash: string | null;
}

export function encodeItem({ event, input, schemaHash }: BatchItem): string {
  return JSON.stringify([event, input, schemaHash]);
}

export function decodeItem(text: string): BatchItem {
  const [event, input, schemaHash] = JSON.parse(text) as [string, string, string | null];
  return { event, input, schemaHash };
}
