using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>watch</c>.</summary>
internal sealed class WatchResource(ApiServer server, ITables tables, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadList(context.Request.Query);
        ResourceVersions.Parse(options.ResourceVersion);
        var form = MediaTypes.FormOf(context.Request);
        var include = QueryOptions.Text(context.Request.Query, "includeObject") ?? "Metadata";
        var hasColumns = false;
        return new WatchResponse(server, context, target, options, document =>
        {
            switch (form)
            {
                case ObjectForm.Table:
                    // Only the first event carries the columns.
                    var table = tables.Table(target.Resource, [document], include, withColumns: !hasColumns, null);
                    hasColumns = true;
                    return table.ToUtf8();
                case ObjectForm.Metadata:
                    return ObjectResponse.MetadataOf(document).ToUtf8();
                default:
                    return response.InVersion(target, document).Utf8;
            }
        }).RunAsync();
    }
}
