using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Browsers;

/// <summary>What the API adds to its answers to pages of allowed origins: k8s.io/apiserver's <c>WithCORS</c>.</summary>
internal static class CrossOriginSharing
{
    /// <summary>Adds the headers; returns whether the request is a preflight, which this answers.</summary>
    public static bool Answer(HttpContext context, string origin)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowMethods = "POST, GET, OPTIONS, PUT, DELETE, PATCH";
        headers.AccessControlAllowHeaders = "Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since";
        headers.AccessControlExposeHeaders = "Date";
        headers.AccessControlAllowCredentials = "true";
        headers.Vary = "Origin";
        if (!HttpMethods.IsOptions(context.Request.Method))
            return false;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
