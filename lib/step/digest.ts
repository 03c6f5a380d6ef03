import * as crypto from 'node:crypto';

const LENGTH = 16;

/** 96 bits of SHA-256 in base64url: names arguments within an execution without telling them. */
export const digestOf: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text, 'base64url').slice(0, LENGTH)
    : (text) => crypto.createHash('sha256').update(text).digest('base64url').slice(0, LENGTH);
