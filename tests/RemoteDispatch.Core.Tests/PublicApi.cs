using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace RemoteDispatch.Core.Tests;

/// <summary>Writes an assembly's public surface as text: a line per type and per member, sorted, so that a review sees what changes.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(bool)] = "bool", [typeof(int)] = "int", [typeof(long)] = "long", [typeof(double)] = "double",
        [typeof(string)] = "string", [typeof(object)] = "object", [typeof(byte)] = "byte", [typeof(char)] = "char",
    };

    public static string Of(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(Declaration(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal))
                text.Append("    ").Append(line).Append('\n');
        }

        return text.ToString();
    }

    private static string Declaration(Type type)
    {
        var kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type.GetMethod("<Clone>$") is not null ? "record" : "class";
        var modifier = type is { IsAbstract: true, IsSealed: true } ? "static " : type.IsAbstract && !type.IsInterface ? "abstract " : type.IsSealed && !type.IsValueType ? "sealed " : "";
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var bases = type.GetInterfaces().Except(inherited).Where(i => !i.Name.StartsWith("IEquatable", StringComparison.Ordinal)).Select(Name).Order(StringComparer.Ordinal);
        var parent = type.BaseType is { } b && b != typeof(object) && !type.IsValueType ? [Name(b)] : Array.Empty<string>();
        var all = type.IsEnum ? "" : string.Join(", ", parent.Concat(bases));
        return $"{modifier}{kind} {type.FullName}{(all.Length > 0 ? " : " + all : "")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(v => string.Create(CultureInfo.InvariantCulture, $"{Enum.GetName(type, v)} = {v}"));
        var fields = type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily).Select(f =>
            $"{(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{(f is { IsInitOnly: true, IsLiteral: false } ? "readonly " : "")}{Nullable(Nullability.Create(f))} {f.Name}"
            + (f.IsLiteral ? " = " + Literal(f.GetRawConstantValue()) : ""));
        var constructors = type.GetConstructors(Declared).Where(IsVisible).Select(c => $".ctor({Parameters(c)})");
        var properties = type.GetProperties(Declared).Where(p => p.GetAccessors(nonPublic: true).Any(IsVisible) && p.Name != "EqualityContract").Select(Property);
        var methods = type.GetMethods(Declared).Where(m => IsVisible(m) && !m.IsSpecialName && !m.IsDefined(typeof(CompilerGeneratedAttribute)) && m.GetBaseDefinition() == m)
            .Select(m => $"{(m.IsStatic ? "static " : "")}{Nullable(Nullability.Create(m.ReturnParameter))} {m.Name}({Parameters(m)})");
        return fields.Concat(constructors).Concat(properties).Concat(methods);
    }

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Property(PropertyInfo property)
    {
        var isInit = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var set = property.SetMethod is { } setter && IsVisible(setter) ? isInit ? " init;" : " set;" : "";
        var isStatic = property.GetAccessors(nonPublic: true)[0].IsStatic;
        return $"{(isStatic ? "static " : "")}{(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "")}{Nullable(Nullability.Create(property))} {property.Name} {{ get;{set} }}";
    }

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{(p.Position == 0 && method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{(p.IsOut ? "out " : "")}{Nullable(Nullability.Create(p))} {p.Name}{(p.HasDefaultValue ? " = " + Literal(p.RawDefaultValue) : "")}"));

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Nullable(NullabilityInfo info)
    {
        var type = info.Type.IsByRef ? info.Type.GetElementType()! : info.Type;
        if (System.Nullable.GetUnderlyingType(type) is { } underlying)
            return Name(underlying) + "?";
        var name = type is { IsGenericType: true } && info.GenericTypeArguments.Length > 0
            ? $"{Bare(type)}<{string.Join(", ", info.GenericTypeArguments.Select(Nullable))}>" : Name(type);
        return !type.IsValueType && info.ReadState == NullabilityState.Nullable ? name + "?" : name;
    }

    private static string Name(Type type) =>
        Keywords.TryGetValue(type, out var keyword) ? keyword
        : type.IsArray ? Name(type.GetElementType()!) + "[]"
        : System.Nullable.GetUnderlyingType(type) is { } underlying ? Name(underlying) + "?"
        : type.IsGenericType ? $"{Bare(type)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;

    private static string Bare(Type type) => type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)];
}
