import { isAboutRoom } from "./errorLog";
import { SuperuserRefused } from "./Host";

/** What there is to tell of a file that could not be written, without a full stop at its end. */
export function unwritten(name: string, file: string, error: Error): string {
  return `${name}: ${file} can't be written (${error.message.replace(/\.$/, "")})${remedyOf(error)}`;
}

const IN_THE_WAY =
  /\bEISDIR\b|\bENOTDIR\b|\bEEXIST\b|[Nn]ot a directory|[Ii]s a directory|overwrite directory|[Ff]ile exists|folder is in/;
const ROOM = /\bENOSPC\b|\bEDQUOT\b|only [1-9]\d* bytes of it arrived/;
const NOTHING_ARRIVED = /only 0 bytes of it arrived/;

function remedyOf(error: Error): string {
  // That says itself what to do.
  if (error instanceof SuperuserRefused) return "";
  const { message } = error;
  if (IN_THE_WAY.test(message))
    return ". Something else is in its place: look at it, move it away, and run `pulumi up` again";
  if (ROOM.test(message) || isAboutRoom(message)) return ". Make room on that disk, and run `pulumi up` again";
  if (NOTHING_ARRIVED.test(message))
    return ". Look at what the scripts of its login shell do with what a command reads (such as exec </dev/null), and run `pulumi up` again";
  return ". Let it be written, and run `pulumi up` again";
}
