using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Manifests;
using ClusterSim.Nodes.Images;
using ClusterSim.Postgres;
using Harness.Kube;
using InvoiceApp;
using PactNet.Exceptions;
using PaymentProvider;
using Processes;
using Tests.Contract.Consumer;

namespace Tests.Contract.Provider;

/// <summary>The provider inside the simulated cluster, from its manifests, keeps the pact: asked from an invoice-app pod through the Service.</summary>
[TestFixture]
internal sealed class ClusterVerificationTests
{
    private SimulatedCluster _cluster = null!;
    private KubeClient _kube = null!;
    private string _folder = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        PostgresServer server;
        try
        {
            server = await ContractPostgres.Shared.Local.ServerAsync();
        }
        catch (PostgresNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
            throw;
        }

        _folder = Directory.CreateTempSubdirectory("pact-cluster-").FullName;
        _cluster = await SimulatedCluster.StartAsync();
        _cluster.Images.Add("postgres:18.1-alpine", new PostgresImage(server));
        AddService("invoice-app:1.0.0", InvoiceAppService.RunAsync, "InvoiceApp");
        AddService("payment-provider:1.0.0", PaymentProviderService.RunAsync, "PaymentProvider");
        foreach (var manifest in Kustomization.Build(Repository.Path("k8s/overlays/sim")))
            _cluster.Apply(manifest);
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(90));
        var kubeconfig = Path.Combine(_folder, "kubeconfig");
        _cluster.WriteKubeconfig(kubeconfig);
        _kube = new KubeClient(KubeconfigFile.Read(kubeconfig));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _kube?.Dispose();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_folder is not null)
            Directory.Delete(_folder, recursive: true);
    }

    [Test]
    public async Task The_provider_in_the_cluster_keeps_the_pact_through_its_service()
    {
        var caller = _cluster.List("pods", "invoices", "app.kubernetes.io/name=invoice-app")[0].GetProperty("metadata").GetProperty("name").GetString()!;
        await using var service = new LocalForward(cancellation => _cluster.DialAsPodAsync("invoices", caller, "payment-provider.payments", 8082, cancellation));
        using var payments = new ReachableStates(service.Url, await ClusterStates.TokenAsync(_kube, "invoices", "invoice-app"));
        await using var states = await StateServer.StartAsync(new ClusterStates(_cluster, _kube, payments));
        var output = new RecordedOutput();

        try
        {
            await Verification.RunAsync(service.Url, states.Url, new FileInfo(Pacts.CommittedFile), output, TimeSpan.FromSeconds(60));
        }
        catch (DllNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
        }
        catch (PactFailureException)
        {
            Assert.Fail(output.Text);
        }

        Assert.Multiple(() =>
        {
            foreach (var interaction in PaymentInteractions.All)
                Assert.That(output.Text, Does.Contain(interaction.Description));
        });
    }

    private void AddService(string reference, ProgramMain main, string project) =>
        _cluster.Images.Add(reference, new ServiceImage(main, Dockerfile.Read(File.ReadAllText(Repository.Path($"{project}/Dockerfile")))));
}
