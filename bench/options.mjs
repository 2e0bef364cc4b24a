// @ts-check
/** What options of the benches may be. */
import { InvalidArgumentError } from "commander";

/** @param {string} text */
export function wholeNumber(text) {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("must be a number from 1 on");
  return Number(text);
}

/** @param {string} text such as 1,5,10 */
export function growingNumbers(text) {
  const numbers = text.split(",").map(wholeNumber);
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]))
    throw new InvalidArgumentError("must be numbers that grow, with commas between them");
  return numbers;
}
