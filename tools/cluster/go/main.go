// Command kubernetes is every program of a development cluster in one static binary. The name it is started under says
// which one it is, so the tool that builds it makes one symbolic link for each. Nothing is changed in the programs.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	_ "time/tzdata" // time zones of CronJobs, on machines without a zone database

	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/metrics"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
	_ "github.com/coredns/coredns/plugin/template"
	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// start runs the program of that name with os.Args and returns its exit status. False: there is no such program.
func start(name string) (int, bool) {
	var command *cobra.Command
	switch name {
	case "kube-apiserver":
		command = apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		command = controllers.NewControllerManagerCommand()
	case "kube-scheduler":
		command = scheduler.NewSchedulerCommand()
	case "kubelet":
		command = kubelet.NewKubeletCommand(context.Background())
	case "kube-proxy":
		command = proxy.NewProxyCommand()
	case "kubectl":
		if err := cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()); err != nil {
			kubectlutil.CheckErr(err) // says what is wrong and exits with kubectl's own status
		}
		return 0, true
	case "etcd":
		etcdmain.Main(os.Args)
		return 0, true
	case "coredns":
		dnsserver.Quiet = true
		coremain.Run()
		return 0, true
	case "make-certificates":
		if err := makeCertificates(os.Stdin); err != nil {
			fmt.Fprintln(os.Stderr, "make-certificates:", err)
			return 1, true
		}
		return 0, true
	default:
		return 0, false
	}
	return cli.Run(command), true
}

func main() {
	status, known := start(filepath.Base(os.Args[0]))
	if !known && len(os.Args) > 1 {
		// Called by its own name: the first argument says which, and becomes argument 0.
		os.Args = os.Args[1:]
		status, known = start(os.Args[0])
	}
	if !known {
		fmt.Fprintln(os.Stderr, "Start this under the name of a program: kube-apiserver, kube-controller-manager, kube-scheduler, "+
			"kubelet, kube-proxy, kubectl, etcd, coredns, make-certificates.")
		status = 2
	}
	os.Exit(status)
}
