import * as pulumi from "@pulumi/pulumi";
import type { Advice } from "../inputs";

/** Prints advice: what can lose sessions in full, the rest in a line, so that it is read. Each names the pair: both nodes of all may be `db1` and `db2`. */
export function sayAdvice(advice: readonly Advice[], pair: string, resource: pulumi.Resource): void {
  sayInFull(
    advice.filter(({ severity }) => severity === "danger"),
    pair,
    resource,
  );
  const notes = advice.filter(({ severity }) => severity === "note").map(({ where, about }) => `${about} of ${where}`);
  if (notes.length > 0) {
    const text = `${pair}: other option files set options of the pair too: ${notes.join(", ")}; which: ${SHOWN}`;
    void pulumi.log.info(text, resource);
  }
  const rest = advice.filter(({ severity }) => severity === "warning").map(({ about }) => about);
  if (rest.length === 0) return;
  void pulumi.log.warn(`${pair}: there is advice on ${rest.join(", ")}; why, and what is safer: ${SHOWN}`, resource);
}

/** Prints each in full. */
export function sayInFull(advice: readonly Advice[], pair: string, resource: pulumi.Resource): void {
  for (const { where, about, text } of advice) void pulumi.log.warn(`${pair}: ${where}: ${about}: ${text}`, resource);
}

const SHOWN =
  "its output `advice` (`export const advice = PAIR.advice` in the program, then `pulumi stack output advice` after an `up` that succeeds)";
