// What Istio's pilot makes of manifests, without a cluster: its own generator of listeners and clusters on a registry in memory.
//
//	pilot MESH_CONFIG OBJECTS CONFIGS
//	pilot inject CHART_VALUES WORKLOADS
//
// YAML files. Of a MeshConfig, objects of Kubernetes (namespaces, services, pods) and Istio's own kinds it prints one JSON object by pod,
// `namespace/name`, with the listeners and clusters that its proxy would get; pods with the label `istio` are gateways. With `inject` it
// prints the workloads as Istio's webhook makes them by the injection templates in those values.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/mesh"
	"istio.io/istio/pkg/kube/inject"
	"istio.io/istio/pkg/log"
	"istio.io/istio/pkg/test"
	"istio.io/istio/pkg/util/protomarshal"
)

type given struct {
	mesh             *meshconfig.MeshConfig
	objects, configs string
}

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("needed: MESH_CONFIG OBJECTS CONFIGS, or inject CHART_VALUES WORKLOADS"))
	}
	// stdout is the answer's.
	options := log.DefaultOptions()
	options.OutputPaths = []string{"stderr"}
	fail(log.Configure(options))
	if os.Args[1] == "inject" {
		fail(injected(os.Args[2], os.Args[3]))
		return
	}
	texts := make([]string, 3)
	for i, path := range os.Args[1:] {
		bytes, err := os.ReadFile(path)
		fail(err)
		texts[i] = string(bytes)
	}
	mesh := mesh.DefaultMeshConfig()
	// Strict: a field that it does not know is an error.
	fail(protomarshal.ApplyYAMLStrict(texts[0], mesh))
	var made map[string]map[string][]json.RawMessage
	fail(test.Wrap(func(t test.Failer) { made = generate(t, given{mesh, texts[1], texts[2]}) }))
	fail(json.NewEncoder(os.Stdout).Encode(made))
}

func generate(t test.Failer, of given) map[string]map[string][]json.RawMessage {
	server := xds.NewFakeDiscoveryServer(t, xds.FakeOptions{
		MeshConfig:             of.mesh,
		KubernetesObjectString: of.objects,
		ConfigString:           of.configs,
	})
	made := map[string]map[string][]json.RawMessage{}
	pods, err := server.KubeClient().Kube().CoreV1().Pods("").List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, pod := range pods.Items {
		proxy := server.SetupProxy(proxyOf(pod))
		made[pod.Namespace+"/"+pod.Name] = map[string][]json.RawMessage{
			"listeners": told(t, server.Listeners(proxy)),
			"clusters":  told(t, server.Clusters(proxy)),
		}
	}
	return made
}

func injected(values, workloads string) error {
	bytes, err := os.ReadFile(values)
	if err != nil {
		return err
	}
	var told struct {
		Webhook struct {
			Templates inject.RawTemplates `json:"templates"`
		} `json:"sidecarInjectorWebhook"`
	}
	if err := yaml.UnmarshalStrict(bytes, &told); err != nil {
		return err
	}
	templates, err := inject.ParseTemplates(told.Webhook.Templates)
	if err != nil {
		return err
	}
	// What a chart without values of its own has, as far as templates ask for it.
	defaults, err := inject.NewValuesConfig(`{"global": {"proxy": {}}}`)
	if err != nil {
		return err
	}
	file, err := os.Open(workloads)
	if err != nil {
		return err
	}
	defer file.Close()
	warned := func(text string) { fmt.Fprintln(os.Stderr, "pilot:", text) }
	return inject.IntoResourceFile(nil, templates, defaults, "", mesh.DefaultMeshConfig(), file, os.Stdout, warned)
}

func proxyOf(pod corev1.Pod) *model.Proxy {
	kind := model.SidecarProxy
	if pod.Labels["istio"] != "" {
		kind = model.Router
	}
	version := pod.Annotations["version"]
	return &model.Proxy{
		Type:            kind,
		ID:              pod.Name + "." + pod.Namespace,
		IPAddresses:     []string{pod.Status.PodIP},
		ConfigNamespace: pod.Namespace,
		Labels:          pod.Labels,
		IstioVersion:    model.ParseIstioVersion(version),
		Metadata: &model.NodeMetadata{
			Namespace:    pod.Namespace,
			Labels:       pod.Labels,
			IstioVersion: strings.TrimSpace(version),
			ClusterID:    "Kubernetes",
		},
	}
}

func told[M proto.Message](t test.Failer, messages []M) []json.RawMessage {
	all := make([]json.RawMessage, 0, len(messages))
	for _, message := range messages {
		bytes, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes)
	}
	return all
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pilot:", err)
		os.Exit(1)
	}
}
