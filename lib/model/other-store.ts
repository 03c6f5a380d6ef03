/** What most often is the matter when no process with a worker is known, in messages. */
export const OTHER_STORE =
  'If it runs already, it runs on another store: compare prefix and address (or file)';
