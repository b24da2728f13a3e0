// Runs in browsers too old for the client itself, so it is written in ES5 and stands alone.
(function () {
  var enough =
    "noModule" in document.createElement("script") &&
    typeof window.HTMLDialogElement === "function" &&
    typeof Object.hasOwn === "function" &&
    typeof Array.prototype.at === "function";
  if (!enough) {
    var style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = "/too-old.css";
    document.head.appendChild(style);
    document.getElementById("too-old").removeAttribute("hidden");
  }
})();
