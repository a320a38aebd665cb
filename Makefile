# `make` lists what there is. Works with GNU make 3.81 (macOS) and newer.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

dotnet_flags := --nologo --verbosity quiet -nodeReuse:false
scripts := harness deploy.sh test.sh .ci/run $(wildcard eng/*.sh) $(wildcard Benchmarks/*.sh)
# What `make definitions` asks, and with what: KUBECONFIG=… make definitions
kubectl ?= kubectl

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: packages
packages: ## find out which packages the feed has, and get PostgreSQL where there is none
	@eng/packages.sh
	@eng/postgres.sh
	@eng/pact.sh || echo "make: without Pact's core the contract tests are skipped"
	@eng/clients.sh || echo "make: without Kubernetes' clients for Node and Python their tests are skipped"

.PHONY: build
build: packages ## everything, warnings as errors
	@. eng/checks.sh && build_solution

.PHONY: test
test: ## all three tiers: unit, contract, cluster (in this process)
	@eng/tests.sh

.PHONY: unit
unit: ## the services and the simulator's rooms, each alone
	@eng/tests.sh Tests.Unit

.PHONY: contract
contract: ## what invoice-app expects of payment-provider, and whether it is so
	@eng/tests.sh Tests.Contract

.PHONY: cluster
cluster: ## both services on a simulated cluster in the test's own process
	@eng/tests.sh Tests.Cluster

.PHONY: long
long: ## property tests with SAMPLES=20 times the sample, from SEED (random, printed with each test)
	@TEST_SAMPLES=$(or $(SAMPLES),20) TEST_SEED=$${SEED:-$$((RANDOM + 1))} TEST_FILTER=TestCategory=Samples eng/tests.sh Tests.Unit Tests.Cluster

.PHONY: pact-verify
pact-verify: build ## the pact against PROVIDER_URL=… (without it, a provider started here); the broker's with PACT_BROKER_BASE_URL
	@eng/contract.sh verify

.PHONY: pact-publish
pact-publish: build ## the pact to the broker, PACT_BROKER_BASE_URL, as this commit's
	@eng/contract.sh publish

.PHONY: can-i-deploy
can-i-deploy: build ## ask the broker: PACTICIPANT=InvoiceApp PACT_ENVIRONMENT=production
	@eng/contract.sh can-i-deploy

.PHONY: format
format: ## white space as .editorconfig has it; `make lint` is more, and slower
	@eng/format.sh

.PHONY: bench-tests
bench-tests: ## the formatting, and each tier of tests alone: seconds, and of the processor
	@TIMEFORMAT='%R s, processor %U s + %S s'; time eng/format.sh; \
	for tier in Tests.Unit Tests.Contract Tests.Cluster; do echo "== $$tier"; time eng/tests.sh $$tier; done

.PHONY: bench-scale
bench-scale: ## 1,000 nodes and 10,000 pods: how long, how much memory
	@dotnet run --project Benchmarks --configuration Release -- scale

.PHONY: bench-wire
bench-wire: ## requests a second from pod to pod
	@dotnet run --project Benchmarks --configuration Release -- wire

.PHONY: bench-reach
bench-reach: ## harness reach on manifests of 1,000 pods: how long
	@Benchmarks/reach.sh 1000

.PHONY: bench-api
bench-api: ## requests a second of the API, CPU a request, memory, time to ready; by two clients
	@HARNESS_BUILD=only ./harness
	@dotnet run --project Benchmarks --configuration Release -- api

.PHONY: bench-watch
bench-watch: build ## 1,000 watchers of one namespace see 1,000 changes each
	@dotnet test Tests.Unit --configuration Release --no-build --nologo --logger "console;verbosity=detailed" \
		--filter 'Name=Every_watcher_sees_every_change_in_order\(1000,1000\)' | grep -E '^ *[0-9]+ watchers saw|Failed|error'

.PHONY: bench-pay
bench-pay: ## 100,000 invoices paid, by processes and by three replicas each on the simulated cluster
	@dotnet build Harness.sln --configuration Release $(dotnet_flags)
	@dotnet run --project Benchmarks --configuration Release --no-build -- pay

.PHONY: bench-million
bench-million: ## a million invoices: listed, paid, cancelled, gone on with
	@dotnet build Harness.sln --configuration Release $(dotnet_flags)
	@dotnet run --project Benchmarks --configuration Release --no-build -- stream

.PHONY: chaos
chaos: ## 200 schedules of faults, and the books compared after each (SEED=1 RUNS=200)
	@./harness chaos --seed $(or $(SEED),1) --runs $(or $(RUNS),200)

.PHONY: deploy
deploy: ## start the simulated cluster with both services, or bring it up to date
	@./deploy.sh

.PHONY: test-deployed
test-deployed: ## the cluster tests against what `make deploy` deployed
	@./test.sh

.PHONY: down
down: ## take it away again
	@./deploy.sh down

.PHONY: bench-start
bench-start: ## ten starts of the whole system: medians of time and memory
	@Benchmarks/start.sh 10

.PHONY: bench-first-build
bench-first-build: ## an empty clone: restored, built, deployed; medians of three
	@Benchmarks/first-build.sh 3

.PHONY: bench-test-deployed
bench-test-deployed: ## `./test.sh` three times: medians
	@Benchmarks/test-deployed.sh 3

.PHONY: bench-kubectl
bench-kubectl: ## `kubectl get pods` 20 times beside kubectl's own start: medians
	@Benchmarks/kubectl.sh 20

.PHONY: fuzz
fuzz: ## bad requests to the API: 3,000 times SAMPLES=34, from SEED=1
	@TEST_SAMPLES=$(or $(SAMPLES),34) TEST_SEED=$(or $(SEED),1) dotnet test Tests.Unit --configuration Release --nologo --filter "FullyQualifiedName~MalformedRequestTests"

.PHONY: fuzz-shell
fuzz-shell: ## broken and endless programs for the simulated shell: 1,000 times SAMPLES=100, from SEED=1
	@TEST_SAMPLES=$(or $(SAMPLES),100) TEST_SEED=$(or $(SEED),1) dotnet test Tests.Unit --configuration Release --nologo --filter "FullyQualifiedName~ShellFuzzTests"

.PHONY: fuzz-archives
fuzz-archives: ## bad archives to tar in a container: 400 times SAMPLES=250, from SEED=1
	@TEST_SAMPLES=$(or $(SAMPLES),250) TEST_SEED=$(or $(SEED),1) dotnet test Tests.Unit --configuration Release --nologo --filter "FullyQualifiedName~MalformedArchiveTests"

.PHONY: lint
lint: lint-scripts ## formatting and scripts; changes nothing
	@dotnet format Harness.sln --verify-no-changes

.PHONY: lint-scripts
lint-scripts: ## shellcheck, where it is installed
	@if command -v shellcheck >/dev/null; then shellcheck -x $(scripts); \
	else echo "shellcheck is not installed (apt-get install shellcheck, brew install shellcheck): the scripts are not checked"; fi

.PHONY: kustomize-recordings
kustomize-recordings: ## what `kubectl kustomize` says to the cases of Tests.Unit/ClusterSim/Kustomize, anew
	@eng/kustomize-recordings.sh

.PHONY: kustomize-compare
kustomize-compare: ## every kustomization below FOLDER=… with harness and with kubectl
	@HARNESS_BUILD=only ./harness
	@eng/kustomize-compare.sh "$(FOLDER)"

.PHONY: bench-kustomize
bench-kustomize: ## how long the overlays and a large kustomization take, beside `kubectl kustomize`
	@dotnet run --project Benchmarks --configuration Release -- kustomize

.PHONY: definitions
definitions: ## Kubernetes' types anew from the cluster that kubectl points at
	@mkdir -p artifacts
	@$(kubectl) get --raw /openapi/v2 > artifacts/openapi.json
	@dotnet run eng/definitions.cs -- artifacts/openapi.json ClusterSim/ApiServer/Schema/definitions.json.gz
