# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_rtcprobe_global_optspecs
    string join \n h/help V/version
end

function __fish_rtcprobe_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_rtcprobe_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_rtcprobe_using_subcommand
    set -l cmd (__fish_rtcprobe_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -s h -l help -d 'Print help'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "gather" -d 'Gather ICE candidates and show them as they are found, with every server\'s errors'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "nat" -d 'Find out how the NAT in front of this host treats packets, and with whom calls go direct'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "turn" -d 'Prove that a TURN server works, or name the first step that fails and why'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "check" -d 'Say whether WebRTC will connect, what is wrong, how that is known, and what to change'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "connect" -d 'Connect to another rtcprobe, a browser or any ICE agent, and show by which path, and why not by the others'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "replay" -d 'Run a recorded run again, without a network'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "explain" -d 'Say what a finding means, how it is told from look-alikes, and how to fix it'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "serve" -d 'Run a STUN and TURN server for trials and tests, never for production'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "report" -d 'Show, convert, compare or merge saved reports'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "schema" -d 'Print the JSON Schema of the report, or of something else that is printed as JSON'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "completions" -d 'Print completions for a shell'
complete -c rtcprobe -n "__fish_rtcprobe_needs_command" -f -a "man" -d 'Print the manual page, or write all of them into a folder'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l stun -d 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l turn -d 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l username -d 'User name for the TURN server that it follows, or for all of them when given before the first' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l credential -d 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l credential-file -d 'File with the password in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l secret -d 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l secret-file -d 'File with the shared secret in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l ttl -d 'How long credentials made from a secret last' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l user-id -d 'User id to put into credentials made from a secret' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l ice-servers -d 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider\'s API returned' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l config -d 'Servers and options from this TOML file, where neither the command line nor the environment has them' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l profile -d 'Likewise from [profile.NAME] of the user\'s configuration file, rtcprobe/config.toml' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l demo -d 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l policy -d 'Which candidates a browser would be allowed to use' -r -f -a "all\t'Every kind'
relay\t'Relay candidates only'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l candidates -d 'Which kinds of candidates to gather' -r -f -a "host\t''
srflx\t''
relay\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l alternate -d 'What to do when a server sends us to another one (300 Try Alternate)' -r -f -a "follow\t'Go there'
signed\t'Go there only when the answer is signed (RFC 8489 section 10)'
ignore\t'Take it for an error'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l interface -d 'Use this interface only; repeat for more, or all for every one that is up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l local-address -d 'Use this local address only; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l port-range -d 'Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l nameserver -d 'Resolve names with this DNS server instead of the system\'s; port 53 when none is given' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l sni -d 'Ask for this name in TLS and expect it in the certificate, instead of the server\'s host name' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l timeout -d 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 40s and what is to be measured]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l timing -d 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l pcap -d 'Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l trace -d 'Write the run to this file, so that rtcprobe replay can run it again without a network' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l no-default-servers -d 'Ask nobody when no server is named'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l no-software -d 'Do not tell servers the name and version of this program'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l strict -d 'Fail with exit code 1 on a warning, too'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l insecure -d 'Go on with certificates that do not verify, and say so in the result'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand gather" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l stun -d 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l turn -d 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l username -d 'User name for the TURN server that it follows, or for all of them when given before the first' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l credential -d 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l credential-file -d 'File with the password in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l secret -d 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l secret-file -d 'File with the shared secret in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l ttl -d 'How long credentials made from a secret last' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l user-id -d 'User id to put into credentials made from a secret' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l ice-servers -d 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider\'s API returned' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l config -d 'Servers and options from this TOML file, where neither the command line nor the environment has them' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l profile -d 'Likewise from [profile.NAME] of the user\'s configuration file, rtcprobe/config.toml' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l demo -d 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l lifetime -d 'Measure how long the NAT keeps an idle mapping, up to this long; takes about as long as that is [up to: 130s]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l interface -d 'Use this interface only; repeat for more, or all for every one that is up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l local-address -d 'Use this local address only; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l port-range -d 'Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l nameserver -d 'Resolve names with this DNS server instead of the system\'s; port 53 when none is given' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l sni -d 'Ask for this name in TLS and expect it in the certificate, instead of the server\'s host name' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l timeout -d 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 40s and what is to be measured]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l timing -d 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l pcap -d 'Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l trace -d 'Write the run to this file, so that rtcprobe replay can run it again without a network' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l no-default-servers -d 'Ask nobody when no server is named'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l gateway -d 'Ask the router for its public address, by PCP, NAT-PMP and UPnP: tells one NAT from several in a row'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l no-software -d 'Do not tell servers the name and version of this program'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l strict -d 'Fail with exit code 1 on a warning, too: a symmetric NAT, a server that does not answer'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l insecure -d 'Go on with certificates that do not verify, and say so in the result'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand nat" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l stun -d 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l turn -d 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l username -d 'User name for the TURN server that it follows, or for all of them when given before the first' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l credential -d 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l credential-file -d 'File with the password in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l secret -d 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l secret-file -d 'File with the shared secret in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l ttl -d 'How long credentials made from a secret last' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l user-id -d 'User id to put into credentials made from a secret' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l ice-servers -d 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider\'s API returned' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l config -d 'Servers and options from this TOML file, where neither the command line nor the environment has them' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l profile -d 'Likewise from [profile.NAME] of the user\'s configuration file, rtcprobe/config.toml' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l demo -d 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l echo -d 'Datagrams to send to and fro through the relay' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l rate -d 'Datagrams per second' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l size -d 'Bytes of payload of each, from 24 to 1200' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l lifetime -d 'Ask for an allocation of this lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l peer -d 'A peer that calls need, such as a media server: ask whether the server would relay to this address, and send it nothing; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l reference -d 'A STUN server over UDP to tell this network\'s trouble from the servers\'; repeat for more [default: the STUN servers that are named]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l require -d 'Fail unless each of these transports works, and only then; without it every URI must work, and of a bare host one transport' -r -f -a "udp\t''
tcp\t''
tls\t''
dtls\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l interface -d 'Use this interface only; repeat for more, or all for every one that is up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l local-address -d 'Use this local address only; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l port-range -d 'Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l nameserver -d 'Resolve names with this DNS server instead of the system\'s; port 53 when none is given' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l sni -d 'Ask for this name in TLS and expect it in the certificate, instead of the server\'s host name' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l timeout -d 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 40s and what is to be measured]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l timing -d 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l pcap -d 'Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l trace -d 'Write the run to this file, so that rtcprobe replay can run it again without a network' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l anonymous -d 'Ask without credentials where none are given: a server that is no open relay refuses that'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l no-echo -d 'Do not measure loss, round-trip times and jitter'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l ipv6-relay -d 'Try a relayed IPv6 address (RFC 8656 section 14.14)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l dual -d 'Try an IPv4 and an IPv6 address in one allocation (RFC 8656 section 14.15)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l tcp-relay -d 'Try relaying TCP (RFC 6062)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l even-port -d 'Try an even port with the next one reserved'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l dont-fragment -d 'Try DONT-FRAGMENT'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l mobility -d 'Try to move an allocation to another port of ours (RFC 8016)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l all -d 'Try all of these options, and whether sending one datagram to 10.255.255.254 ends all relaying'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l audit -d 'Ask which peers the server would relay to: its own network, cloud metadata, other users. Sends them nothing; data goes from one relayed address of ours to another, to see whether that takes a permission'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l no-controls -d 'Do not try whether a wrong password, a wrong realm and an unknown user are refused'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l no-software -d 'Do not tell servers the name and version of this program'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l strict -d 'Fail with exit code 1 on a warning, too'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l insecure -d 'Go on with certificates that do not verify, and say so in the result'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand turn" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l stun -d 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l turn -d 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l username -d 'User name for the TURN server that it follows, or for all of them when given before the first' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l credential -d 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l credential-file -d 'File with the password in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l secret -d 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l secret-file -d 'File with the shared secret in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l ttl -d 'How long credentials made from a secret last' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l user-id -d 'User id to put into credentials made from a secret' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l ice-servers -d 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider\'s API returned' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l config -d 'Servers and options from this TOML file, where neither the command line nor the environment has them' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l profile -d 'Likewise from [profile.NAME] of the user\'s configuration file, rtcprobe/config.toml' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l demo -d 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l reference -d 'A STUN server over UDP to tell this network\'s trouble from the servers\'; repeat for more [default: the STUN servers that are named]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l budget -d 'All of it may take this long' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l echo -d 'Datagrams to send to and fro through the relay' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l rate -d 'Datagrams per second' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l size -d 'Bytes of payload of each, from 24 to 1200' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l lifetime -d 'Ask for an allocation of this lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l peer -d 'A peer that calls need, such as a media server: ask whether the server would relay to this address, and send it nothing; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l expect -d 'What must be true: host, srflx, relay, relay:udp, ipv6, mapping=endpoint-independent, filtering=…, rtt<80ms, loss<1%, jitter<30ms, relay-echo, cert-days>14, no-finding=CODE, max-severity=warning; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l ignore -d 'Leave this finding out, and what it is about out of the verdict; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l interface -d 'Use this interface only; repeat for more, or all for every one that is up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l local-address -d 'Use this local address only; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l port-range -d 'Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l nameserver -d 'Resolve names with this DNS server instead of the system\'s; port 53 when none is given' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l sni -d 'Ask for this name in TLS and expect it in the certificate, instead of the server\'s host name' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l timeout -d 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 40s and what is to be measured]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l timing -d 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l pcap -d 'Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l trace -d 'Write the run to this file, so that rtcprobe replay can run it again without a network' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-default-servers -d 'Ask nobody when no server is named'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-nat -d 'Do not look at the NAT in between'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-other-ports -d 'Do not look at other ports of a TURN server that does not answer: an Allocate request without credentials to UDP and TCP 3478, 5349, 443, 80 and 3479, and TCP 443 of the --reference servers'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-echo -d 'Do not measure loss, round-trip times and jitter'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l ipv6-relay -d 'Try a relayed IPv6 address (RFC 8656 section 14.14)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l dual -d 'Try an IPv4 and an IPv6 address in one allocation (RFC 8656 section 14.15)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l tcp-relay -d 'Try relaying TCP (RFC 6062)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l even-port -d 'Try an even port with the next one reserved'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l dont-fragment -d 'Try DONT-FRAGMENT'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l mobility -d 'Try to move an allocation to another port of ours (RFC 8016)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l all -d 'Try all of these options, and whether sending one datagram to 10.255.255.254 ends all relaying'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l audit -d 'Ask which peers the servers would relay to: their own network, cloud metadata, other users. Sends them nothing; data goes from one relayed address of ours to another, to see whether that takes a permission'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-controls -d 'Do not try whether a wrong password, a wrong realm and an unknown user are refused'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-software -d 'Do not tell servers the name and version of this program'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l strict -d 'Fail with exit code 1 on a warning, too, and on an expectation that is not decided'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l insecure -d 'Go on with certificates that do not verify, and say so in the result'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand check" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l stun -d 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l turn -d 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l username -d 'User name for the TURN server that it follows, or for all of them when given before the first' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l credential -d 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l credential-file -d 'File with the password in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l secret -d 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l secret-file -d 'File with the shared secret in it, likewise; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l ttl -d 'How long credentials made from a secret last' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l user-id -d 'User id to put into credentials made from a secret' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l ice-servers -d 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider\'s API returned' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l config -d 'Servers and options from this TOML file, where neither the command line nor the environment has them' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l profile -d 'Likewise from [profile.NAME] of the user\'s configuration file, rtcprobe/config.toml' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l demo -d 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l exec -d 'Run this command in a shell and speak with it over its standard input and output, such as \'ssh host rtcprobe connect answer -\'' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l listen -d 'Wait at this address and port for another rtcprobe that dials; a port alone is one of every address' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l dial -d 'Dial an rtcprobe that listens, host:port' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l whip -d 'Publish to this media server (WHIP, RFC 9725); ICE only, no media' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l whep -d 'Watch from this media server (WHEP); ICE only, no media' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l token -d 'What both sides know, for --listen and --dial. Other users of this machine can see it; --token-file keeps it to yourself' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l token-file -d 'File with the token in it; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l bearer-file -d 'File with the bearer token for --whip and --whep in it; - reads standard input. RTCPROBE_BEARER may hold the token' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l bearer -d 'The token itself: from the environment only, as others can see a command line' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l bind -d 'Serve the page for a browser at this address, port or both instead of on this machine only' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l wait -d 'How long to wait for the other side [default: 1m; 10m when somebody has to carry a text]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l policy -d 'Which candidates to use' -r -f -a "all\t'Every kind'
relay\t'Relay candidates only'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l only -d 'Candidates of this transport only, whichever way a relay is reached' -r -f -a "udp\t''
tcp\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l pair -d 'Pairs of these types of candidates only, local and remote, such as host-srflx; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l duration -d 'Likewise, for so long' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l restart -d 'Restart ICE that long after the first pair was selected [without a value: 2s]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l interface -d 'Use this interface only; repeat for more, or all for every one that is up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l local-address -d 'Use this local address only; repeat for more' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l port-range -d 'Local UDP ports to use, such as 50000-50199; to look at a NAT takes 128 of them, and more with --lifetime' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l nameserver -d 'Resolve names with this DNS server instead of the system\'s; port 53 when none is given' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l ca-file -d 'Trust the certificates in this PEM file instead of the system\'s' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l sni -d 'Ask for this name in TLS and expect it in the certificate, instead of the server\'s host name' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l timeout -d 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 40s and what is to be measured]' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l timing -d 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l pcap -d 'Write every packet to this file (pcapng, for Wireshark); what goes through TLS and DTLS in clear' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l trace -d 'Write the run to this file, so that rtcprobe replay can run it again without a network' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-default-servers -d 'Ask nobody when no server is named'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l self -d 'Be both sides, to see whether two clients of this network reach one another'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l sdp -d 'Give the description as SDP, for programs that take nothing else'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l open -d 'Open the page in the system\'s browser'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l browser-offers -d 'Let the browser offer, and so decide on the pair'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l qr -d 'Draw the line as a QR code as well'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l tcp -d 'Use TCP host candidates, too (RFC 6544)'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-trickle -d 'Tell all candidates at once, when the last is known'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-mdns -d 'Do not ask the local network for the .local names that browsers hide addresses behind'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-forecast -d 'Do not look at the NAT beside it, which tells whether a direct path was to be expected'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l echo -d 'Send packets over the selected pair and measure what comes back, for 5s or as long as --duration says'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l until-failure -d 'Go on until the path is lost for good, and say when it was noticed'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-software -d 'Do not tell servers the name and version of this program'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l strict -d 'Fail with exit code 1 on a warning, too'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s 4 -l ipv4 -d 'Use IPv4 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s 6 -l ipv6 -d 'Use IPv6 only'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l insecure -d 'Go on with certificates that do not verify, and say so in the result'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand connect" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand replay" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand explain" -s h -l help -d 'Print help'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand explain" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l listen -d 'Listen on this address; with two of one family, the second is the alternate address of RFC 5780' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l port -d 'Port for UDP and TCP; 0 lets the system choose' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l alt-port -d 'The alternate port of RFC 5780' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l tls-port -d 'Port for TLS and DTLS; 0 lets the system choose' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l relay-ip -d 'Relay from this address, instead of the first that is listened on' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l user -d 'A user who may allocate; repeat for more. Without users and secret one is made up' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l user-file -d 'File with a NAME:PASS on each line' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l secret -d 'Accept time-limited credentials made from this secret, as coturn\'s use-auth-secret does' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l secret-file -d 'File with that secret in it; - reads standard input' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l realm -d 'The realm; also a name in the certificate' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l nat -d 'Put a simulated NAT of this kind before it, for clients on this machine; see gather --demo' -r
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l ca-out -d 'Write the certificate to trust into this file, for --ca-file' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand serve" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -f -a "show" -d 'Print the text that the run printed'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -f -a "convert" -d 'Give the report in other shapes, such as --output html=report.html'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -f -a "redact" -d 'Print the report with pseudonyms in place of addresses and names; --redact=addresses or --redact=names for only those'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -f -a "diff" -d 'Say what got better or worse from one report to another; exit code 1 when something got worse'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and not __fish_seen_subcommand_from show convert redact diff merge" -f -a "merge" -d 'Lay several reports side by side: who sees what'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from convert" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l output -d 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json' -r -f -a "text\t'For people'
json\t'One JSON document at the end; its schema is printed by rtcprobe schema'
jsonl\t'One JSON object a line for each event as it happens, the report last'
junit\t'JUnit\'s XML for CI: a test case for each server and step, each expectation, each finding'
github\t'Annotations of GitHub Actions, and a page in the job\'s summary'
markdown\t'A page to paste into a ticket'
html\t'One page with drawings that needs nothing but a browser'
prometheus\t'Metrics for the textfile collector of node_exporter'
nagios\t'One line with performance data; see --nagios for the exit codes'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l redact -d 'Put pseudonyms in place of addresses and of the names of hosts, users and interfaces: consistent ones that keep family, class and who is who. The answer comes at the end then, and nothing but errors on stderr; --pcap and --trace do not go with it [default without a value: addresses,names]' -r -f -a "addresses\t'IP addresses, and what is computed from them'
names\t'Hosts, users, interfaces, realms, certificates'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -s o -l output-file -d 'Write the answer that has no file of its own to this one, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l json -d 'Print the report as one JSON document, the same as --output json'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l nagios -d 'Run as a plugin of Nagios or Icinga: one line on stdout, and exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from redact" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -l output -d 'How to print the answer' -r -f -a "text\t'For people'
json\t'One JSON document'
markdown\t'A page to paste into a ticket'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -s o -l output-file -d 'Write the answer to a file, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from diff" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -l output -d 'How to print the answer' -r -f -a "text\t'For people'
json\t'One JSON document'
markdown\t'A page to paste into a ticket'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -s o -l output-file -d 'Write the answer to a file, whole or not at all' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -l color -d 'When to use colour' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t''
never\t''"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -s q -l quiet -d 'Print the answer only: no notes, no warnings, no progress; of check, only the findings\' codes'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -s v -l verbose -d 'Say more on stderr about what happens'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -l no-progress -d 'Never show what is being waited for'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand report; and __fish_seen_subcommand_from merge" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand schema" -l of -d 'What to print the schema of' -r -f -a "report\t'The report: --json, report convert, report redact'
events\t'A line of --output jsonl; the same as --events'
diff\t'What report diff --output json prints'
merge\t'What report merge --output json prints'"
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand schema" -l events -d 'Print the schema of a line of --output jsonl instead'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand schema" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand completions" -s h -l help -d 'Print help'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand completions" -s V -l version -d 'Print version'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand man" -l out -d 'Write rtcprobe.1, a page for each command and one for the findings into this folder' -r -F
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand man" -s h -l help -d 'Print help'
complete -c rtcprobe -n "__fish_rtcprobe_using_subcommand man" -s V -l version -d 'Print version'
