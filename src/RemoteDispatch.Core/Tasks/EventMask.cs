using System.Text;
using RemoteDispatch.Credentials;

namespace RemoteDispatch.Tasks;

/// <summary>Makes events of lines, with stars for the values of the task's credentials in every text: behind the JSON, which may have escaped them.</summary>
internal sealed class EventMask(IReadOnlyList<CredentialGrant> secrets)
{
    private readonly Redactor? _redactor = secrets.Count > 0 ? new Redactor(secrets) : null;

    public TaskEvent Show(RemoteTask task, PlacedLine placed)
    {
        var line = placed.Line;
        var data = line.Data;
        if (_redactor is not null && data.Count > 0)
        {
            var masked = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var (key, value) in data)
                masked[Mask(key, isCut: false)] = Mask(value, line.IsCut);
            data = masked;
        }

        return new TaskEvent
        {
            TaskId = task.Id,
            HostName = task.HostName,
            Kind = line.Kind,
            Time = line.Time,
            Text = Mask(line.Text, line.IsCut),
            Data = data,
            IsCut = line.IsCut,
            Offset = placed.Offset,
            NextOffset = placed.NextOffset,
        };
    }

    /// <summary>The same for any other text that was put together behind JSON.</summary>
    public string? Mask(string? text) => text is null ? null : Mask(text, isCut: false);

    private string Mask(string text, bool isCut)
    {
        if (_redactor is null)
            return text;
        var shown = _redactor.Add(Encoding.UTF8.GetBytes(text));
        var rest = _redactor.Finish();
        // What stands before the cut may be the beginning of a value.
        if (isCut)
            Array.Fill(rest, (byte)'*');
        return Encoding.UTF8.GetString([.. shown, .. rest]);
    }
}
