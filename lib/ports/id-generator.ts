/** Makes ids that sort by time of making: stores keep neighbours together. */
export interface IdGenerator {
  next(): string;
}
