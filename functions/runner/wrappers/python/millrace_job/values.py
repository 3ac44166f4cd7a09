"""JSON values to arguments, and results to JSON."""


def arguments(main, args):
    """Positional and named arguments of `main`: only what it declares, unless it takes **kwargs."""
    names, positional_only, defaults, takes_all = parameters(main)
    args = {name: value for name, value in args.items() if not is_absent(value)}
    for name in defaults:
        if name in args and args[name] is None:
            del args[name]
    if not takes_all:
        args = {name: args[name] for name in names if name in args}
    annotations = getattr(main, "__annotations__", None) or {}
    for name, annotation in annotations.items():
        if name != "return" and isinstance(args.get(name), (str, list)):
            args[name] = converted(args[name], annotation)
    positional = []
    for name in positional_only:
        if name not in args:
            break
        positional.append(args.pop(name))
    return positional, args


def is_absent(value):
    return value == "<function call>" if isinstance(value, str) else False


def parameters(main):
    code = getattr(main, "__code__", None)
    if code is None or hasattr(main, "__wrapped__") or hasattr(main, "__self__"):
        return inspected(main)
    count = code.co_argcount
    names = code.co_varnames[: count + code.co_kwonlyargcount]
    with_default = main.__defaults__ or ()
    defaults = [*names[count - len(with_default) : count], *(main.__kwdefaults__ or ())]
    return names, names[: code.co_posonlyargcount], defaults, bool(code.co_flags & 8)


def inspected(main):
    from inspect import Parameter, signature

    given = signature(main).parameters.values()
    named = [p for p in given if p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)]
    return (
        [p.name for p in named],
        [p.name for p in named if p.kind is Parameter.POSITIONAL_ONLY],
        [p.name for p in named if p.default is not Parameter.empty],
        any(p.kind is Parameter.VAR_KEYWORD for p in given),
    )


def kind_of(annotation):
    """`bytes`, `datetime` or `date` for such a type, alone or optional, written as a text or not; else None."""
    if isinstance(annotation, str):
        text = annotation.replace(" ", "").replace("datetime.", "").replace("|None", "").replace("None|", "")
        if text.startswith("Optional[") or text.startswith("typing.Optional["):
            text = text[text.index("[") + 1 : -1]
        return text if text in ("bytes", "datetime", "date") else None
    if isinstance(annotation, type):
        name = annotation.__name__
        return name if name in ("bytes", "datetime", "date") and annotation.__module__ in ("builtins", "datetime") else None
    if getattr(annotation, "__origin__", None) is list:
        return None
    options = [option for option in getattr(annotation, "__args__", ()) if option is not type(None)]
    return kind_of(options[0]) if len(options) == 1 else None


def converted(value, annotation):
    if isinstance(value, list):
        items = getattr(annotation, "__args__", ())
        if getattr(annotation, "__origin__", None) is list and len(items) == 1:
            return [converted(item, items[0]) if isinstance(item, str) else item for item in value]
        return value
    kind = kind_of(annotation)
    if kind == "bytes":
        from binascii import a2b_base64

        return a2b_base64(value)
    if kind == "datetime":
        from datetime import datetime

        return datetime.fromisoformat(value[:-1] + "+00:00" if value[-1:] in ("Z", "z") else value)
    return to_date(value) if kind == "date" else value


def to_date(value):
    from datetime import date, datetime

    try:
        return date.fromisoformat(value[:10] if value[10:11] == "T" else value)
    except ValueError:
        pass
    for form in ("%d-%m-%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d"):
        try:
            return datetime.strptime(value, form).date()
        except ValueError:
            pass
    raise ValueError(f"{value!r} is not a date: use YYYY-MM-DD, DD-MM-YYYY, MM/DD/YYYY, DD/MM/YYYY or YYYY/MM/DD")


def dumps(value):
    """JSON text; what JSON cannot hold is written as a text, NaN and infinities as null. Key order is kept."""
    if value is None:
        return "null"
    value = plain(value)
    if isinstance(value, str) and type(value) is str:
        from _json import encode_basestring_ascii

        return encode_basestring_ascii(value)
    import json

    try:
        return json.dumps(value, ensure_ascii=True, allow_nan=False, default=other, separators=(",", ":"))
    except (ValueError, TypeError):
        return json.dumps(cleaned(value, ()), allow_nan=False, separators=(",", ":"))


def plain(value):
    """The outermost value when it stands for a list: a generator, or a table that can give its rows."""
    if hasattr(value, "__next__"):
        return list(value)
    to_dict = getattr(type(value), "to_dict", None)
    if to_dict is not None and hasattr(value, "columns"):
        return value.to_dict(orient="records")
    return value


def other(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        from binascii import b2a_base64

        return b2a_base64(value, newline=False).decode("ascii")
    changed = plain(value)
    if changed is not value:
        return changed
    if callable(getattr(type(value), "to_dict", None)):
        return value.to_dict()
    if isinstance(value, (set, frozenset)):
        return list(value)
    return str(value)


def cleaned(value, above):
    """The slow way, for values json.dumps refuses: NaN, keys that are no text, values that contain themselves."""
    if isinstance(value, float):
        return float(value) if value - value == 0 else None
    if value is None or isinstance(value, (str, int)):
        return value
    if id(value) in above:
        raise ValueError("The result cannot be written as JSON: it contains itself")
    above = (*above, id(value))
    if isinstance(value, dict):
        return {key_of(key): cleaned(item, above) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item, above) for item in value]
    return cleaned(other(value), above)


def key_of(key):
    return key if key is None or isinstance(key, (str, bool, int)) else str(key)
