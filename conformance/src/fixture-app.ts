import type { Files } from "./app-folder.ts";

/**
 * A web server in the Perl that every Debian has, so that its image is a few kilobytes and not a runtime. It tells the code
 * that answers, two config vars, and writes a line of its own to the log.
 */
const SERVER = `use strict;
use IO::Socket::INET;
$| = 1;
$SIG{TERM} = sub { exit 0 };
open(my $file, '<', 'label.txt') or die 'no label';
chomp(my $label = <$file>);
my $server = IO::Socket::INET->new(LocalPort => $ENV{PORT}, Listen => 256, ReuseAddr => 1) or die 'no port';
print "listening as $label\\n";
while (my $client = $server->accept) {
  my $asked = <$client>;
  next unless defined $asked;
  while (my $line = <$client>) { last if $line =~ /^\\r?\\n$/ }
  print "a line from $label\\n" if $asked =~ m{ /log };
  my $body = join(' ', $label, $ENV{GREETING} // 'nothing', $ENV{SECRET} // 'nothing') . "\\n";
  print $client "HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: " . length($body)
    . "\\r\\nConnection: close\\r\\n\\r\\n" . $body;
  close $client;
}
`;

/** The app of a fixture home, at one of its versions. Needs nothing but what the machine has. */
export function fixtureApp(label: string): Files {
  return {
    "server.pl": SERVER,
    "label.txt": `${label}\n`,
    Procfile: "web: perl server.pl\nworker: perl -e 'sleep 1 while 1'\n",
  };
}
