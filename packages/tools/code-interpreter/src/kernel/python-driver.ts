import { KERNEL_BOUNDS } from './kernel.ts'

/**
 * The program that runs inside, given to `python3 -c`. It takes calls as lines of JSON from what was its stdin, and answers on what was its stdout; both are moved out of the way, so that
 * code finds an empty stdin, and what it prints (also from C, and from its children) goes to stderr, which is the log. The answer of a call bears a number that the call brought, and the log
 * is closed by the same number. Code could find it in this process, and forge an answer: what it forges is the outcome of its own call, and nothing more.
 */
export const pythonDriver = `
import ast, base64, builtins, io, json, linecache, os, signal, sys, traceback

def main():
    calls = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", 0, closefd=False), encoding="utf-8", errors="replace", write_through=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", 0, closefd=False), encoding="utf-8", errors="replace", write_through=True)
    sys.path.insert(0, "/mnt/data")
    scope = {"__name__": "__main__", "__builtins__": builtins}
    images = []

    class OutOfTime(BaseException):
        pass

    def out_of_time(number, frame):
        raise OutOfTime()

    def keep(data):
        if len(images) < ${KERNEL_BOUNDS.images} and data and len(data) <= ${KERNEL_BOUNDS.imageBytes}:
            images.append(base64.b64encode(data).decode())
        else:
            print("[an image was left out: there are too many, or it is too large]")

    def keep_figures(*_, **__):
        plt = sys.modules.get("matplotlib.pyplot")
        if plt is None:
            return
        for number in plt.get_fignums():
            buffer = io.BytesIO()
            plt.figure(number).savefig(buffer, format="png", bbox_inches="tight")
            keep(buffer.getvalue())
        plt.close("all")

    import importlib.abc, importlib.machinery

    class Pyplot(importlib.abc.MetaPathFinder):
        "Lets plt.show keep the figures, from the first import on."
        def find_spec(self, name, path, target=None):
            if name != "matplotlib.pyplot":
                return None
            sys.meta_path.remove(self)
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            if spec is None or spec.loader is None:
                return spec
            run = spec.loader.exec_module
            def exec_module(module):
                run(module)
                module.show = keep_figures
            spec.loader.exec_module = exec_module
            return spec

    sys.meta_path.insert(0, Pyplot())

    def show(value):
        png = getattr(type(value), "_repr_png_", None)
        if png is not None:
            try:
                data = png(value)
                if isinstance(data, bytes):
                    keep(data)
            except Exception:
                pass
        scope["_"] = value
        return repr(value)[:${KERNEL_BOUNDS.valueChars}]

    def run(code, name):
        tree = ast.parse(code, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec"), scope)
        if last is None:
            return None
        value = eval(compile(ast.Expression(last.value), name, "eval"), scope)
        return None if value is None else show(value)

    def explain():
        kind, error, trace = sys.exc_info()
        own = __file__
        while trace is not None and trace.tb_frame.f_code.co_filename == own:
            trace = trace.tb_next
        traceback.print_exception(kind, error, trace)

    count = 0
    for line in calls:
        call = json.loads(line)
        count += 1
        name = f"<cell {count}>"
        code = call["code"]
        linecache.cache[name] = (len(code), None, code.splitlines(True), name)
        images.clear()
        # exit() closes it.
        if sys.stdin is None or sys.stdin.closed:
            sys.stdin = open(os.devnull)
        answer = {"id": call["id"], "end": "ok", "value": None}
        try:
            signal.signal(signal.SIGALRM, out_of_time)
            signal.setitimer(signal.ITIMER_REAL, call["seconds"])
            try:
                answer["value"] = run(code, name)
                keep_figures()
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        except OutOfTime:
            answer["end"] = "timeout"
        except SystemExit as exit:
            if exit.code not in (None, 0):
                answer["end"] = "error"
                print(f"SystemExit: {exit.code}", file=sys.stderr)
        except BaseException:
            answer["end"] = "error"
            explain()
        try:
            answer["images"] = list(images)
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:
            pass
        os.write(2, ("\\0" + call["id"] + "\\n").encode())
        answers.write(json.dumps(answer).encode() + b"\\n")
        answers.flush()

__file__ = "<string>"
main()
`
