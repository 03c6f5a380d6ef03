/** What a process is there for; a `'publisher'` runs nothing. */
export type Role = 'publisher' | 'worker' | 'both';
