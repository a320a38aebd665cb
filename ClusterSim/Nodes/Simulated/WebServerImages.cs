using System.Text;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary><c>nginx</c> and <c>httpd</c>: serve on 80 what is in their folder, and a page of their own where nothing is.</summary>
internal static class WebServerImages
{
    /// <summary><c>nginx</c>.</summary>
    public static Image Nginx() => BusyboxImage.Create(
        "nginx",
        new ImageConfiguration { Command = ["nginx", "-g", "daemon off;"], ExposedPorts = [80], StopSignal = "SIGQUIT" },
        ("nginx", process => ServeAsync(process, "/usr/share/nginx/html", "nginx/1.29.3", Page("Welcome to nginx!"))));

    /// <summary><c>httpd</c>.</summary>
    public static Image Httpd() => BusyboxImage.Create(
        "httpd",
        new ImageConfiguration { Command = ["httpd-foreground"], ExposedPorts = [80], WorkingDirectory = "/usr/local/apache2" },
        ("httpd-foreground", process => ServeAsync(process, "/usr/local/apache2/htdocs", "Apache/2.4.65 (Unix)", "<html><body><h1>It works!</h1></body></html>\n")));

    private static async Task<int> ServeAsync(ServiceProcess process, string root, string server, string page)
    {
        var command = Command.Of("server", process);
        await new HttpResponder(process, async request =>
        {
            var answer = StaticFiles.Answer(command, root, request);
            if (answer.Status == 404 && request.Path == "/")
                answer = new SimulatedResponse(200, Encoding.UTF8.GetBytes(page), "text/html");
            await process.Output.SayAsync($"{request.Remote.Split(':')[0]} - - [{process.Clock.GetUtcNow():dd/MMM/yyyy:HH:mm:ss} +0000] \"{request.Method} {request.Target} HTTP/1.1\" {answer.Status} {answer.Body.Length}\n");
            return answer with { Headers = [("Server", server)] };
        }).ServeAsync(80);
        return 0;
    }

    private static string Page(string title) =>
        $"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n</body>\n</html>\n";
}
