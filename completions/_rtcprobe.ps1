
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'rtcprobe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'rtcprobe'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'rtcprobe' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('gather', 'gather', [CompletionResultType]::ParameterValue, 'Gather ICE candidates and show them as they are found, with every server''s errors')
            [CompletionResult]::new('turn', 'turn', [CompletionResultType]::ParameterValue, 'Prove that a TURN server works, or name the first step that fails and why')
            [CompletionResult]::new('serve', 'serve', [CompletionResultType]::ParameterValue, 'Run a STUN and TURN server for trials and tests, never for production')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of the report')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print completions for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page, or write all of them into a folder')
            break
        }
        'rtcprobe;gather' {
            [CompletionResult]::new('--stun', '--stun', [CompletionResultType]::ParameterName, 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more')
            [CompletionResult]::new('--turn', '--turn', [CompletionResultType]::ParameterName, 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name for the TURN server that it follows, or for all of them when given before the first')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself')
            [CompletionResult]::new('--credential-file', '--credential-file', [CompletionResultType]::ParameterName, 'File with the password in it, likewise; - reads standard input')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with the shared secret in it, likewise; - reads standard input')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How long credentials made from a secret last')
            [CompletionResult]::new('--user-id', '--user-id', [CompletionResultType]::ParameterName, 'User id to put into credentials made from a secret')
            [CompletionResult]::new('--ice-servers', '--ice-servers', [CompletionResultType]::ParameterName, 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider''s API returned')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif')
            [CompletionResult]::new('--policy', '--policy', [CompletionResultType]::ParameterName, 'Which candidates a browser would be allowed to use')
            [CompletionResult]::new('--candidates', '--candidates', [CompletionResultType]::ParameterName, 'Which kinds of candidates to gather')
            [CompletionResult]::new('--alternate', '--alternate', [CompletionResultType]::ParameterName, 'What to do when a server sends us to another one (300 Try Alternate)')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Use this interface only; repeat for more, or all for every one that is up')
            [CompletionResult]::new('--local-address', '--local-address', [CompletionResultType]::ParameterName, 'Use this local address only; repeat for more')
            [CompletionResult]::new('--port-range', '--port-range', [CompletionResultType]::ParameterName, 'Local UDP ports to use, such as 50000-50100')
            [CompletionResult]::new('--nameserver', '--nameserver', [CompletionResultType]::ParameterName, 'Resolve names with this DNS server instead of the system''s; port 53 when none is given')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file instead of the system''s')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for this name in TLS and expect it in the certificate, instead of the server''s host name')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 20s and what is to be measured]')
            [CompletionResult]::new('--timing', '--timing', [CompletionResultType]::ParameterName, 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the answer that has no file of its own to this one, whole or not at all')
            [CompletionResult]::new('--output-file', '--output-file', [CompletionResultType]::ParameterName, 'Write the answer that has no file of its own to this one, whole or not at all')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--no-default-servers', '--no-default-servers', [CompletionResultType]::ParameterName, 'Ask nobody when no server is named')
            [CompletionResult]::new('--no-software', '--no-software', [CompletionResultType]::ParameterName, 'Do not tell servers the name and version of this program')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 1 on a warning, too')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Go on with certificates that do not verify, and say so in the result')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the report as one JSON document, the same as --output json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Never show what is being waited for')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rtcprobe;turn' {
            [CompletionResult]::new('--stun', '--stun', [CompletionResultType]::ParameterName, 'A STUN server: host, host:port or a stun: or stuns: URI; repeat for more')
            [CompletionResult]::new('--turn', '--turn', [CompletionResultType]::ParameterName, 'A TURN server: host, host:port or a turn: or turns: URI; repeat for more')
            [CompletionResult]::new('--username', '--username', [CompletionResultType]::ParameterName, 'User name for the TURN server that it follows, or for all of them when given before the first')
            [CompletionResult]::new('--credential', '--credential', [CompletionResultType]::ParameterName, 'Password, likewise. Other users of this machine can see it; --credential-file keeps it to yourself')
            [CompletionResult]::new('--credential-file', '--credential-file', [CompletionResultType]::ParameterName, 'File with the password in it, likewise; - reads standard input')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Shared secret to make time-limited credentials from (coturn: use-auth-secret), likewise')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with the shared secret in it, likewise; - reads standard input')
            [CompletionResult]::new('--ttl', '--ttl', [CompletionResultType]::ParameterName, 'How long credentials made from a secret last')
            [CompletionResult]::new('--user-id', '--user-id', [CompletionResultType]::ParameterName, 'User id to put into credentials made from a secret')
            [CompletionResult]::new('--ice-servers', '--ice-servers', [CompletionResultType]::ParameterName, 'Servers as JSON, inline, in a file or on standard input (-): an RTCConfiguration, its iceServers, or what a provider''s API returned')
            [CompletionResult]::new('--demo', '--demo', [CompletionResultType]::ParameterName, 'Try it with no network: start a server on loopback, behind a simulated NAT of this kind, and use that. Kinds: none, full-cone, restricted-cone, port-restricted-cone, symmetric, or a pair of mapping (eim, adm, apdm) and filtering (eif, adf, apdf) such as adm-eif')
            [CompletionResult]::new('--echo', '--echo', [CompletionResultType]::ParameterName, 'Datagrams to send to and fro through the relay')
            [CompletionResult]::new('--rate', '--rate', [CompletionResultType]::ParameterName, 'Datagrams per second')
            [CompletionResult]::new('--size', '--size', [CompletionResultType]::ParameterName, 'Bytes of payload of each, from 24 to 1200')
            [CompletionResult]::new('--lifetime', '--lifetime', [CompletionResultType]::ParameterName, 'Ask for an allocation of this lifetime')
            [CompletionResult]::new('--require', '--require', [CompletionResultType]::ParameterName, 'Fail unless each of these transports works, and only then; without it every URI must work, and of a bare host one transport')
            [CompletionResult]::new('--interface', '--interface', [CompletionResultType]::ParameterName, 'Use this interface only; repeat for more, or all for every one that is up')
            [CompletionResult]::new('--local-address', '--local-address', [CompletionResultType]::ParameterName, 'Use this local address only; repeat for more')
            [CompletionResult]::new('--port-range', '--port-range', [CompletionResultType]::ParameterName, 'Local UDP ports to use, such as 50000-50100')
            [CompletionResult]::new('--nameserver', '--nameserver', [CompletionResultType]::ParameterName, 'Resolve names with this DNS server instead of the system''s; port 53 when none is given')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates in this PEM file instead of the system''s')
            [CompletionResult]::new('--sni', '--sni', [CompletionResultType]::ParameterName, 'Ask for this name in TLS and expect it in the certificate, instead of the server''s host name')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Stop asking after this time and report what is known by then [default: 10s, or as long as --timing takes; turn: 20s and what is to be measured]')
            [CompletionResult]::new('--timing', '--timing', [CompletionResultType]::ParameterName, 'How often to repeat a request that is not answered, and when to give up: prompt (4 copies, 4.5 s), rfc8489 (7, 39.5 s), chrome (9, 39.75 s), firefox (7, 7.9 s), fast (3, 0.7 s), or RTO,COPIES,WAIT')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to give the answer, and the file to write it to; repeat for several at once, such as --output text --output json=report.json')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Write the answer that has no file of its own to this one, whole or not at all')
            [CompletionResult]::new('--output-file', '--output-file', [CompletionResultType]::ParameterName, 'Write the answer that has no file of its own to this one, whole or not at all')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('--anonymous', '--anonymous', [CompletionResultType]::ParameterName, 'Ask without credentials where none are given: a server that is no open relay refuses that')
            [CompletionResult]::new('--no-echo', '--no-echo', [CompletionResultType]::ParameterName, 'Do not measure loss, round-trip times and jitter')
            [CompletionResult]::new('--ipv6-relay', '--ipv6-relay', [CompletionResultType]::ParameterName, 'Try a relayed IPv6 address (RFC 8656 section 14.14)')
            [CompletionResult]::new('--dual', '--dual', [CompletionResultType]::ParameterName, 'Try an IPv4 and an IPv6 address in one allocation (RFC 8656 section 14.15)')
            [CompletionResult]::new('--tcp-relay', '--tcp-relay', [CompletionResultType]::ParameterName, 'Try relaying TCP (RFC 6062)')
            [CompletionResult]::new('--even-port', '--even-port', [CompletionResultType]::ParameterName, 'Try an even port with the next one reserved')
            [CompletionResult]::new('--dont-fragment', '--dont-fragment', [CompletionResultType]::ParameterName, 'Try DONT-FRAGMENT')
            [CompletionResult]::new('--mobility', '--mobility', [CompletionResultType]::ParameterName, 'Try to move an allocation to another port of ours (RFC 8016)')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Try all of these options')
            [CompletionResult]::new('--audit', '--audit', [CompletionResultType]::ParameterName, 'Ask which peers the server would relay to: its own network, cloud metadata, other users. Sends them nothing')
            [CompletionResult]::new('--no-controls', '--no-controls', [CompletionResultType]::ParameterName, 'Do not try whether a wrong password, a wrong realm and an unknown user are refused')
            [CompletionResult]::new('--no-software', '--no-software', [CompletionResultType]::ParameterName, 'Do not tell servers the name and version of this program')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Fail with exit code 1 on a warning, too')
            [CompletionResult]::new('-4', '-4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('-6', '-6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('--ipv6', '--ipv6', [CompletionResultType]::ParameterName, 'Use IPv6 only')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Go on with certificates that do not verify, and say so in the result')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the report as one JSON document, the same as --output json')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Never show what is being waited for')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rtcprobe;serve' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Listen on this address; with two of one family, the second is the alternate address of RFC 5780')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port for UDP and TCP; 0 lets the system choose')
            [CompletionResult]::new('--alt-port', '--alt-port', [CompletionResultType]::ParameterName, 'The alternate port of RFC 5780')
            [CompletionResult]::new('--tls-port', '--tls-port', [CompletionResultType]::ParameterName, 'Port for TLS and DTLS; 0 lets the system choose')
            [CompletionResult]::new('--relay-ip', '--relay-ip', [CompletionResultType]::ParameterName, 'Relay from this address, instead of the first that is listened on')
            [CompletionResult]::new('--user', '--user', [CompletionResultType]::ParameterName, 'A user who may allocate; repeat for more. Without users and secret one is made up')
            [CompletionResult]::new('--user-file', '--user-file', [CompletionResultType]::ParameterName, 'File with a NAME:PASS on each line')
            [CompletionResult]::new('--secret', '--secret', [CompletionResultType]::ParameterName, 'Accept time-limited credentials made from this secret, as coturn''s use-auth-secret does')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with that secret in it; - reads standard input')
            [CompletionResult]::new('--realm', '--realm', [CompletionResultType]::ParameterName, 'The realm; also a name in the certificate')
            [CompletionResult]::new('--nat', '--nat', [CompletionResultType]::ParameterName, 'Put a simulated NAT of this kind before it, for clients on this machine; see gather --demo')
            [CompletionResult]::new('--ca-out', '--ca-out', [CompletionResultType]::ParameterName, 'Write the certificate to trust into this file, for --ca-file')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print the answer only: no notes, no warnings, no progress')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Say more on stderr about what happens')
            [CompletionResult]::new('--no-progress', '--no-progress', [CompletionResultType]::ParameterName, 'Never show what is being waited for')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rtcprobe;schema' {
            [CompletionResult]::new('--events', '--events', [CompletionResultType]::ParameterName, 'Print the schema of a line of --output jsonl instead')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rtcprobe;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
        'rtcprobe;man' {
            [CompletionResult]::new('--out', '--out', [CompletionResultType]::ParameterName, 'Write rtcprobe.1 and a page for each command into this folder')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
