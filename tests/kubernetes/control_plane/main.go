// Controlplane is one program that is every component of a Kubernetes cluster, and etcd: the
// real ones, linked from their Go modules, so that a machine without an image registry can run
// them. The name it is called by, or its first argument, says which one it is.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kube-proxy":              proxy.NewProxyCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
}

func main() {
	os.Args[0] = filepath.Base(os.Args[0])
	_, named := components[os.Args[0]]
	if !named && os.Args[0] != "etcd" && len(os.Args) > 1 {
		os.Args = os.Args[1:]
	}
	switch component := os.Args[0]; component {
	case "etcd":
		etcdmain.Main(os.Args)
	default:
		command, known := components[component]
		if !known {
			fmt.Fprintf(os.Stderr, "Unknown component %q.\n", component)
			os.Exit(2)
		}
		os.Exit(cli.Run(command()))
	}
}
