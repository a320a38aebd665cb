using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace ServiceDefaults.Http;

/// <summary>
/// <c>/openapi/v1.json</c>. What makes the document lives in a container of its own, built when somebody first asks: in the host's it would
/// cost every start more than all else together.
/// </summary>
internal static class OpenApiRoute
{
    /// <summary>Where it is.</summary>
    public const string Path = $"/openapi/{Document}.json";

    private const string Document = "v1";

    public static void MapOpenApiDocument(this WebApplication application, string service)
    {
        var document = new Lazy<Task<byte[]>>(() => WriteAsync(application, service));
        application.MapGet(Path, async context =>
        {
            var bytes = await document.Value;
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = bytes.Length;
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }).ExcludeFromDescription();
    }

    private static async Task<byte[]> WriteAsync(WebApplication application, string service)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IHostEnvironment>(application.Environment);
        services.AddSingleton(application.Services.GetRequiredService<EndpointDataSource>());
        services.AddLogging();
        services.AddRouting();
        services.AddOpenApi(Document, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.AddDocumentTransformer((document, _, _) =>
            {
                // The same document wherever it is asked for: it is committed, and compared.
                document.Info.Title = service;
                document.Info.Version = "1";
                document.Servers = [];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                foreach (var parameter in context.Description.ActionDescriptor.EndpointMetadata.OfType<DescribedParameter>())
                    (operation.Parameters ??= []).Add(Parameter(parameter));
                return Task.CompletedTask;
            });
        });
        await using var provider = services.BuildServiceProvider();
        var document = await provider.GetRequiredKeyedService<IOpenApiDocumentProvider>(Document).GetOpenApiDocumentAsync();
        using var stream = new MemoryStream();
        await document.SerializeAsJsonAsync(stream, OpenApiSpecVersion.OpenApi3_1);
        return stream.ToArray();
    }

    private static OpenApiParameter Parameter(DescribedParameter parameter) => new()
    {
        Name = parameter.Name,
        In = parameter.Location,
        Required = parameter.Location == ParameterLocation.Path,
        Description = parameter.Description,
        Schema = new OpenApiSchema { Type = parameter.Type },
    };
}
