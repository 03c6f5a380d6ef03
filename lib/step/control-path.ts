import { BUILT_IN, encodeName } from '../model/path.js';

const RETURN = `${BUILT_IN}return`;

/** The name of races in paths. */
export const RACE = `${BUILT_IN}race`;

/** The name in rows of compensations. */
export const UNDO = `${BUILT_IN}compensation`;

/** The path under which a handler's return value is recorded when declared steps follow it. */
export function returnPath(method: string): string {
  return `${encodeName(method)}/${RETURN}`;
}

/** Path of the rows that begin (`started`) and end (`completed`) the compensation of an execution. */
export function undoPath(method: string): string {
  return `${encodeName(method)}/${UNDO}`;
}

/** Whether the path is one of these two: rows of the execution itself, and of no step. */
export function isControlPath(path: string): boolean {
  const rest = path.slice(path.indexOf('/') + 1);
  return rest === RETURN || rest === UNDO;
}

/** The calls that the call was made in, the handler's own path included. */
export function ancestorsOf(path: string): readonly string[] {
  const paths: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    paths.push(path.slice(0, end));
  return paths;
}
