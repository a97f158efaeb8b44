// pion as the other side, ICE without anything on top.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v2"
)

type message struct {
	Type       string            `json:"type"`
	Role       string            `json:"role,omitempty"`
	Ufrag      string            `json:"ufrag,omitempty"`
	Pwd        string            `json:"pwd,omitempty"`
	Lite       bool              `json:"lite,omitempty"`
	Candidates *[]string         `json:"candidates,omitempty"`
	Candidate  string            `json:"candidate,omitempty"`
	Complete   bool              `json:"complete,omitempty"`
	Agent      string            `json:"agent,omitempty"`
	State      string            `json:"state,omitempty"`
	Ms         float64           `json:"ms,omitempty"`
	Selected   map[string]string `json:"selected,omitempty"`
}

type server struct {
	URLs       interface{} `json:"urls"`
	Username   string      `json:"username"`
	Credential string      `json:"credential"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var mouth sync.Mutex

func say(m message) {
	mouth.Lock()
	defer mouth.Unlock()
	check(json.NewEncoder(os.Stdout).Encode(m))
}

// Every URL of every server, with its credentials.
func servers(path string) (urls []*ice.URL) {
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	check(err)
	var list []server
	check(json.Unmarshal(text, &list))
	for _, one := range list {
		names, several := one.URLs.([]interface{})
		if !several {
			names = []interface{}{one.URLs}
		}
		for _, name := range names {
			url, err := ice.ParseURL(name.(string))
			check(err)
			url.Username, url.Password = one.Username, one.Credential
			urls = append(urls, url)
		}
	}
	return urls
}

func shown(candidate ice.Candidate) string {
	return net.JoinHostPort(candidate.Address(), fmt.Sprint(candidate.Port()))
}

func main() {
	offer := flag.Bool("offer", false, "make the offer, and control")
	relayOnly := flag.Bool("relay-only", false, "use nothing but relayed candidates")
	lite := flag.Bool("lite", false, "be an ICE lite agent")
	list := flag.String("ice-servers", "", "a JSON list of RTCIceServer")
	flag.Parse()

	config := ice.AgentConfig{
		Urls: servers(*list), Lite: *lite, InsecureSkipVerify: true,
		NetworkTypes:     []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6},
		MulticastDNSMode: ice.MulticastDNSModeQueryOnly,
	}
	if *relayOnly {
		config.CandidateTypes = []ice.CandidateType{ice.CandidateTypeRelay}
	} else if *lite {
		config.CandidateTypes = []ice.CandidateType{ice.CandidateTypeHost}
	}
	agent, err := ice.NewAgent(&config)
	check(err)

	var began time.Time
	check(agent.OnConnectionStateChange(func(state ice.ConnectionState) {
		status := message{Type: "status", State: strings.ToLower(state.String())}
		status.Ms = float64(time.Since(began).Microseconds()) / 1000
		if pair, _ := agent.GetSelectedCandidatePair(); pair != nil {
			status.Selected = map[string]string{
				"local": shown(pair.Local), "localType": pair.Local.Type().String(),
				"remote": shown(pair.Remote), "remoteType": pair.Remote.Type().String(),
			}
		}
		say(status)
	}))
	check(agent.OnCandidate(func(candidate ice.Candidate) {
		if candidate == nil {
			say(message{Type: "complete"})
			return
		}
		say(message{Type: "candidate", Candidate: "candidate:" + candidate.Marshal()})
	}))
	begin := func() {
		ufrag, pwd, err := agent.GetLocalUserCredentials()
		check(err)
		role := map[bool]string{true: "offer", false: "answer"}[*offer]
		say(message{
			Type: "description", Role: role, Ufrag: ufrag, Pwd: pwd, Lite: *lite,
			Candidates: &[]string{}, Agent: "pion ice v2",
		})
		check(agent.GatherCandidates())
	}
	add := func(line string) {
		candidate, err := ice.UnmarshalCandidate(strings.TrimPrefix(line, "candidate:"))
		if err == nil {
			err = agent.AddRemoteCandidate(candidate)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err, line)
		}
	}
	if *offer {
		begin()
	}
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		var heard message
		if err != nil || json.Unmarshal(line, &heard) != nil || heard.Type == "bye" {
			break
		}
		switch heard.Type {
		case "description":
			if !*offer {
				begin()
			}
			if heard.Candidates != nil {
				for _, line := range *heard.Candidates {
					add(line)
				}
			}
			began = time.Now()
			connect := agent.Accept
			if *offer {
				connect = agent.Dial
			}
			go func() {
				_, err := connect(context.Background(), heard.Ufrag, heard.Pwd)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}()
		case "candidate":
			add(heard.Candidate)
		}
	}
	check(agent.Close())
}
