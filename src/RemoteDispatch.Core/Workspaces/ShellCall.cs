using System.Globalization;
using System.Text;
using RemoteDispatch.Connections;

namespace RemoteDispatch.Workspaces;

/// <summary>A call of one of the resident functions. Everything that is not a number goes through the one quoting function.</summary>
internal sealed class ShellCall
{
    private readonly StringBuilder _text = new();

    private ShellCall(string function) => _text.Append(function);

    public static ShellCall To(string function) => new(function);

    public ShellCall With(string argument)
    {
        _text.Append(' ').Append(ShellQuote.Quote(argument));
        return this;
    }

    public ShellCall With(long argument)
    {
        _text.Append(' ').Append(argument.ToString(CultureInfo.InvariantCulture));
        return this;
    }

    public ShellCall With(IEnumerable<string> arguments) => arguments.Aggregate(this, (call, argument) => call.With(argument));

    public override string ToString() => _text.ToString();
}
