BeforeAll { . "$PSScriptRoot/Setup.ps1" }
AfterAll { Clear-Sandbox }

Describe 'A sandbox for a task' -Tag Local {
    BeforeAll {
        # An engine on this machine would make a boundary too.
        $before, $env:DOCKER_HOST = $env:DOCKER_HOST, 'unix:///nowhere'
        $hasBoundary = (Get-Command bwrap -ErrorAction Ignore) -and $(bwrap --ro-bind / / true 2>$null; $LASTEXITCODE -eq 0)
    }
    AfterAll { $env:DOCKER_HOST = $before }

    It 'is a home of its own, and the task says what it became' {
        $task = Invoke-RemoteTask 'case $HOME in "$REMOTE_DISPATCH_WORKSPACE"/home) umask ;; esac' -Sandbox -Wait 6>$null 3>$null
        Get-Content $task.LogPath | Should -Be '0077'
        $task.Sandbox.Kind | Should -Be ($hasBoundary ? 'Boundary' : 'Environment')
        (Get-RemoteTask $task.Id).Sandbox | Should -Be $task.Sandbox
        ($task | Format-List | Out-String) | Should -Match 'Sandbox\s*: (Boundary \(bwrap\)|Environment)'
    }

    It 'is not shown of a task that has none' {
        $task = Invoke-RemoteTask 'true' -Wait 6>$null
        $task.Sandbox | Should -BeNullOrEmpty
        ($task | Format-List | Out-String) | Should -Not -Match 'Sandbox'
    }

    It 'that is no boundary is a warning' {
        # A stand-in for a bwrap that the kernel does not let make namespaces.
        $folder = (New-Item -ItemType Directory "$Sandbox/no-bwrap").FullName
        Set-Content "$folder/bwrap" "#!/bin/sh`necho 'bwrap: no permission' >&2; exit 1"
        chmod 755 "$folder/bwrap"
        $said = Invoke-OtherProcess "`$env:PATH = '${folder}:' + `$env:PATH; Invoke-RemoteTask true -Sandbox -WarningVariable said 3>`$null | ForEach-Object { `$_.Sandbox.Kind }; `"`$said`"; try { Invoke-RemoteTask true -Sandbox -RequireBoundary -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId; `"`$_`" }" 2>&1
        "$said" | Should -Match 'no boundary could be made'
        "$said" | Should -Match 'Environment'
        "$said" | Should -Match 'LaunchFailed,.*no boundary can be made: bwrap: no permission'
    }

    It 'is part of what -WhatIf shows' {
        $said = Invoke-OtherProcess 'Invoke-RemoteTask true -Sandbox -NoNetwork -SandboxAllow GitIdentity, AgentSettings -SandboxPath ~/data -WhatIf'
        "$said" | Should -Match 'in a sandbox with a boundary \(with GitIdentity, AgentSettings; reading ~/data; without network\)'
    }

    It 'has no part without -Sandbox' {
        { Invoke-RemoteTask 'true' -NoNetwork } | Should -Throw -ErrorId 'InvalidInput,*' -ExpectedMessage '*-NoNetwork is a part of a sandbox*'
        { Invoke-RemoteTask 'true' -SandboxPath /opt } | Should -Throw -ErrorId 'InvalidInput,*'
        { Invoke-RemoteTask 'true' -SandboxAllow GitIdentity } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'has no login shell and no HOME of the request' {
        { Invoke-RemoteTask 'true' -Sandbox -LoginShell } | Should -Throw -ErrorId 'InvalidInput,*' -ExpectedMessage '*login shell*'
        { Invoke-RemoteTask 'true' -Sandbox -Environment @{ HOME = '/x' } } | Should -Throw -ErrorId 'InvalidInput,*'
    }

    It 'that needs the home itself is not started' {
        { Invoke-RemoteTask 'true' -Sandbox -WorkingDirectory '~' -ErrorAction Stop } | Should -Throw -ErrorId 'LaunchFailed,*'
    }
}
