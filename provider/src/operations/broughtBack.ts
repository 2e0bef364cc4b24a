import { machineOf } from "../hosts/defaults";
import type { HostInputs } from "../inputs";
import { ofRun } from "../run";

/**
 * The machines whose servers this run has brought back, or made again. What a refresh last knew of them may have gone with the server that
 * had it: accounts, databases and links are looked at once more before anything is taken for unchanged.
 */
const broughtBack = ofRun(() => new Set<string>());

export const noteBroughtBack = (host: HostInputs): void => void broughtBack().add(machineOf(host));

export const wasBroughtBack = (host: HostInputs): boolean => broughtBack().has(machineOf(host));
