using ClusterSim.Nodes.Images;

namespace ClusterSim.Tests.Nodes;

public sealed class DockerfileTests
{
    [Test]
    public void The_last_stage_says_what_the_image_is()
    {
        var image = Dockerfile.Read("""
            # syntax=docker/dockerfile:1
            ARG VERSION=10.0
            FROM mcr.microsoft.com/dotnet/sdk:${VERSION} AS build
            USER root
            ENV BUILD=1
            RUN dotnet publish \
                -o /out
            FROM mcr.microsoft.com/dotnet/aspnet:${VERSION}-noble-chiseled AS base
            ARG UID=1654
            ENV HTTP_PORTS=8081 GREETING="good day" \
                PLACE=/app
            WORKDIR $PLACE
            FROM base
            ARG UID=1654
            COPY --from=build /out .
            EXPOSE 8081/tcp 9090
            USER $UID
            ENTRYPOINT ["dotnet", "InvoiceApp.dll"]
            CMD ["--serve"]
            """);

        Assert.That(image.User, Is.EqualTo("1654"));
        Assert.That(image.Entrypoint, Is.EqualTo((string[])["dotnet", "InvoiceApp.dll"]));
        Assert.That(image.Command, Is.EqualTo((string[])["--serve"]));
        Assert.That(image.ExposedPorts, Is.EqualTo((int[])[8081, 9090]));
        Assert.That(image.WorkingDirectory, Is.EqualTo("/app"));
        Assert.That(image.Environment, Is.EquivalentTo(new Dictionary<string, string>(StringComparer.Ordinal) { ["HTTP_PORTS"] = "8081", ["GREETING"] = "good day", ["PLACE"] = "/app" }));
    }

    [Test]
    public void Without_a_USER_the_image_runs_as_root() =>
        Assert.That(Dockerfile.Read("FROM golang\nWORKDIR /src\nWORKDIR app\nCMD ./app").User, Is.Empty);

    [Test]
    public void A_file_without_FROM_is_refused() =>
        Assert.That(() => Dockerfile.Read("USER 1"), Throws.TypeOf<FormatException>().With.Message.EqualTo("Dockerfile line 1: 'USER' before FROM"));

    [TestCase("box:1.0", "docker.io/library/box:1.0")]
    [TestCase("a/b", "docker.io/a/b:latest")]
    [TestCase("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10")]
    [TestCase("localhost/x", "localhost/x:latest")]
    [TestCase("host:5000/x:1", "host:5000/x:1")]
    public void References_are_completed(string given, string complete) =>
        Assert.That(ImageReference.Parse(given, out _)?.ToString(), Is.EqualTo(complete));

    [TestCase("Bad:Image:Name", "invalid reference format: repository name (library/Bad) must be lowercase")]
    [TestCase("a b", "invalid reference format")]
    [TestCase("", "invalid reference format")]
    public void What_is_no_reference_is_refused_in_the_librarys_words(string given, string why)
    {
        Assert.That(ImageReference.Parse(given, out var error), Is.Null);
        Assert.That(error, Is.EqualTo(why));
    }
}
