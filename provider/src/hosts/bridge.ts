/**
 * Connects its standard input and output with a unix socket, for machines and containers in which nothing else does that for us. Perl is
 * there on every Debian and Ubuntu, and wherever MariaDB's own scripts are.
 */
const PROGRAM =
  "$s=IO::Socket::UNIX->new(Peer=>shift)or die qq($!);$p=fork;($i,$o)=$p?(STDIN,$s):($s,STDOUT);" +
  "while(sysread$i,$b,65536){syswrite$o,$b}if($p){shutdown$s,1;wait}else{kill TERM=>getppid}";

/** The command that does it. Where nothing listens on the socket it ends with an error at once. */
export const bridgeTo = (socket: string): string[] => ["perl", "-MIO::Socket::UNIX", "-e", PROGRAM, socket];
