using RemoteDispatch.Credentials;

namespace RemoteDispatch.Tasks;

/// <summary>Whom a task's <c>GH_TOKEN</c> is for: git gives it to nobody else.</summary>
internal static class TokenAddress
{
    /// <summary>The beginning of the addresses of those repositories: <c>https://github.com</c>; empty where the task has no such token.</summary>
    public static string Of(TaskRequest request)
    {
        if (!request.CredentialNames.Contains(ScopedTokenRequest.Variable, StringComparer.Ordinal))
            return "";
        var api = request.ScopedToken?.ApiAddress
            ?? (Uri.TryCreate(Environment.GetEnvironmentVariable(ScopedTokenRequest.ApiVariable), UriKind.Absolute, out var named) ? named : null);
        return api is null ? "https://github.com" : Of(api);
    }

    /// <summary>GitHub's own APIs have a host beside that of the repositories (<c>api.github.com</c>, <c>api.NAME.ghe.com</c>); an Enterprise Server has one for both.</summary>
    internal static string Of(Uri api)
    {
        var host = api.IdnHost;
        if (host.Equals("api.github.com", StringComparison.OrdinalIgnoreCase) || (host.StartsWith("api.", StringComparison.OrdinalIgnoreCase) && host.EndsWith(".ghe.com", StringComparison.OrdinalIgnoreCase)))
            host = host["api.".Length..];
        return $"{api.Scheme}://{(host.Contains(':', StringComparison.Ordinal) ? $"[{host.Trim('[', ']')}]" : host)}{(api.IsDefaultPort ? "" : $":{api.Port}")}";
    }
}
