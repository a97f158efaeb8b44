
use builtin;
use str;

set edit:completion:arg-completer[rtcprobe] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'rtcprobe'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'rtcprobe'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand gather 'Gather ICE candidates and show them as they are found, with every server''s errors'
            cand serve 'Run a STUN and TURN server for trials and tests, never for production'
            cand schema 'Print the JSON Schema of the report'
            cand completions 'Print completions for a shell'
            cand man 'Print the manual page, or write all of them into a folder'
        }
        &'rtcprobe;gather'= {
            cand --stun 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more'
            cand --turn 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more'
            cand --username 'User name for the TURN server that it follows, or for all of them when given before the first'
            cand --credential 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself'
            cand --credential-file 'File with the password in it, likewise; - reads standard input'
            cand --secret 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise'
            cand --secret-file 'File with the shared secret in it, likewise; - reads standard input'
            cand --ttl 'How long credentials made from a secret last'
            cand --user-id 'User id to put into credentials made from a secret'
            cand --ice-servers 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider''s API returned'
            cand --demo 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif'
            cand --policy 'Which candidates a browser would be allowed to use'
            cand --candidates 'Which kinds of candidates to gather'
            cand --alternate 'What to do when a server sends us to another one (300 Try Alternate)'
            cand --interface 'Use this interface only; repeat for more, or all for every one that is up'
            cand --local-address 'Use this local address only; repeat for more'
            cand --port-range 'Local UDP ports to use, such as 50000-50100'
            cand --nameserver 'Resolve names with this DNS server instead of the system''s; port 53 when none is given'
            cand --ca-file 'Trust the certificates in this PEM file instead of the system''s'
            cand --sni 'Ask for this name in TLS and expect it in the certificate, instead of the server''s host name'
            cand --timeout 'Stop asking after this time and report what is known by then'
            cand --timing 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT'
            cand --output 'How to print the answer'
            cand -o 'Write the answer to a file, whole or not at all'
            cand --output-file 'Write the answer to a file, whole or not at all'
            cand --color 'When to use colour'
            cand --no-default-servers 'Ask nobody when no server is named'
            cand --no-software 'Do not tell servers the name and version of this program'
            cand --strict 'Fail with exit code 1 on a warning, too'
            cand -4 'Use IPv4 only'
            cand --ipv4 'Use IPv4 only'
            cand -6 'Use IPv6 only'
            cand --ipv6 'Use IPv6 only'
            cand --insecure 'Go on with certificates that do not verify, and say so in the result'
            cand --json 'Print the report as one JSON document, the same as --output json'
            cand -q 'Print the answer only: no notes, no warnings, no progress'
            cand --quiet 'Print the answer only: no notes, no warnings, no progress'
            cand -v 'Say more on stderr about what happens'
            cand --verbose 'Say more on stderr about what happens'
            cand --no-progress 'Never show what is being waited for'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rtcprobe;serve'= {
            cand --listen 'Listen on this address; with two of one family, the second is the alternate address of RFC 5780'
            cand --port 'Port for UDP and TCP; 0 lets the system choose'
            cand --alt-port 'The alternate port of RFC 5780'
            cand --tls-port 'Port for TLS and DTLS; 0 lets the system choose'
            cand --relay-ip 'Relay from this address, instead of the first that is listened on'
            cand --user 'A user who may allocate; repeat for more. Without users and secret one is made up'
            cand --user-file 'File with a NAME:PASS on each line'
            cand --secret 'Accept time-limited credentials made from this secret, as coturn''s use-auth-secret does'
            cand --secret-file 'File with that secret in it; - reads standard input'
            cand --realm 'The realm; also a name in the certificate'
            cand --nat 'Put a simulated NAT of this kind before it, for clients on this machine; see gather --demo'
            cand --ca-out 'Write the certificate to trust into this file, for --ca-file'
            cand --color 'When to use colour'
            cand -q 'Print the answer only: no notes, no warnings, no progress'
            cand --quiet 'Print the answer only: no notes, no warnings, no progress'
            cand -v 'Say more on stderr about what happens'
            cand --verbose 'Say more on stderr about what happens'
            cand --no-progress 'Never show what is being waited for'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rtcprobe;schema'= {
            cand --events 'Print the schema of a line of --output jsonl instead'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rtcprobe;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
        &'rtcprobe;man'= {
            cand --out 'Write rtcprobe.1 and a page for each command into this folder'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
        }
    ]
    $completions[$command]
}
